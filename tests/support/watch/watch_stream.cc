#include "tests/support/watch/watch_stream.h"

#include <absl/strings/str_cat.h>

namespace sluice::tests {

WatchStream::WatchStream(v1::ControlService::Stub& control, const v1::WatchClientsRequest& request,
                         bool reads)
    : reader_(control.WatchClients(&context_, request)) {
  if (reads) Read();
}

WatchStream::~WatchStream() {
  context_.TryCancel();
  if (!thread_.joinable()) Read();
  thread_.join();
}

void WatchStream::Read() {
  thread_ = std::thread([this] {
    Event event;
    while (reader_->Read(&event)) {
      state_.Update([this, &event](State& state) { Follow(state, event); });
    }
    const grpc::Status status = reader_->Finish();
    state_.Update([&status](State& state) { state.status = status; });
  });
}

void WatchStream::Follow(State& state, const Event& event) {
  state.events.push_back(event);
  const auto expect = [&](bool holds) {
    if (!holds) state.nonsense.push_back(event.ShortDebugString());
  };
  const auto is_there = [&state](const std::string& id) { return state.clients.contains(id); };
  switch (event.event_case()) {
    case Event::kSnapshot: {
      const v1::Client& client = event.snapshot().client();
      state.clients[client.client_id()] = client;
      state.connections[client.client_id()] = client.connections_size();
      break;
    }
    case Event::kSnapshotComplete:
      ++state.snapshots;
      break;
    case Event::kConnected: {
      const v1::Client& client = event.connected().client();
      expect(!is_there(client.client_id()) && client.connections_size() >= 1);
      state.clients[client.client_id()] = client;
      state.connections[client.client_id()] = client.connections_size();
      break;
    }
    case Event::kConnectionsChanged:
      expect(is_there(event.connections_changed().client_id()));
      state.connections[event.connections_changed().client_id()] =
          event.connections_changed().connections();
      break;
    case Event::kDisconnected:
      expect(is_there(event.disconnected().client_id()));
      state.clients.erase(event.disconnected().client_id());
      state.connections.erase(event.disconnected().client_id());
      break;
    case Event::kMetadataChanged:
      expect(is_there(event.metadata_changed().client_id()));
      *state.clients[event.metadata_changed().client_id()].mutable_metadata() =
          event.metadata_changed().metadata();
      break;
    case Event::kGroupsChanged:
      expect(is_there(event.groups_changed().client_id()));
      *state.clients[event.groups_changed().client_id()].mutable_groups() =
          event.groups_changed().groups();
      break;
    default:
      break;
  }
}

std::string WatchStream::Describe() const {
  return state_.Read([](const State& state) {
    std::string text = "the watch was told:\n";
    for (const Event& event : state.events) {
      absl::StrAppend(&text, "  ", event.ShortDebugString(), "\n");
    }
    for (const std::string& event : state.nonsense)
      absl::StrAppend(&text, "nonsense: ", event, "\n");
    if (state.status.has_value()) {
      absl::StrAppend(&text, "it ended: ", state.status->error_message(), "\n");
    }
    return text;
  });
}

}  // namespace sluice::tests
