#include "control/presence/client_page.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace sluice {
namespace {

using internal::v1::ClientsAnswer;

auto OrderOf(const google::protobuf::Timestamp& time) {
  return std::make_tuple(time.seconds(), time.nanos());
}

void MergeGroups(const v1::Client& from, v1::Client& into) {
  std::set<std::string> groups(into.groups().begin(), into.groups().end());
  groups.insert(from.groups().begin(), from.groups().end());
  into.clear_groups();
  into.mutable_groups()->Add(groups.begin(), groups.end());
}

}  // namespace

void MergeClient(const v1::Client& from, v1::Client& into) {
  if (into.client_id().empty()) {
    into = from;
    return;
  }
  if (from.metadata_version() > into.metadata_version()) {
    *into.mutable_metadata() = from.metadata();
    into.set_metadata_version(from.metadata_version());
  }
  MergeGroups(from, into);
  if (!into.has_connect_time() ||
      (from.has_connect_time() && OrderOf(from.connect_time()) < OrderOf(into.connect_time()))) {
    *into.mutable_connect_time() = from.connect_time();
  }
  into.mutable_connections()->MergeFrom(from.connections());
  std::stable_sort(into.mutable_connections()->begin(), into.mutable_connections()->end(),
                   [](const v1::Connection& a, const v1::Connection& b) {
                     return OrderOf(a.connect_time()) < OrderOf(b.connect_time());
                   });
}

ClientPage MergeAnswers(std::vector<ClientsAnswer> answers, std::size_t page_size) {
  ClientPage page;
  std::string complete_to;  // Empty: to the end.
  std::map<std::string, v1::Client> clients;
  for (const ClientsAnswer& answer : answers) {
    page.total_size += answer.total_size();
    if (!answer.complete_to().empty() &&
        (complete_to.empty() || answer.complete_to() < complete_to)) {
      complete_to = answer.complete_to();
    }
    for (const v1::Client& client : answer.clients()) {
      MergeClient(client, clients[client.client_id()]);
    }
  }
  page.last_id = complete_to;
  for (auto& [id, client] : clients) {
    if (!complete_to.empty() && id > complete_to) break;
    if (page.clients.size() == page_size) {
      page.last_id = page.clients.back().client_id();
      break;
    }
    page.clients.push_back(std::move(client));
  }
  return page;
}

GroupPage MergeAnswers(std::vector<internal::v1::GroupsAnswer> answers, std::size_t page_size) {
  GroupPage page;
  std::string complete_to;  // Empty: to the end.
  std::map<std::string, v1::Group> groups;
  for (const internal::v1::GroupsAnswer& answer : answers) {
    if (!answer.complete_to().empty() &&
        (complete_to.empty() || answer.complete_to() < complete_to)) {
      complete_to = answer.complete_to();
    }
    for (const v1::Group& part : answer.groups()) {
      v1::Group& group = groups[part.group()];
      group.set_group(part.group());
      group.set_clients(group.clients() + part.clients());
      group.set_connections(group.connections() + part.connections());
    }
  }
  page.last_id = complete_to;
  for (auto& [name, group] : groups) {
    if (!complete_to.empty() && name > complete_to) break;
    if (page.groups.size() == page_size) {
      page.last_id = page.groups.back().group();
      break;
    }
    page.groups.push_back(std::move(group));
  }
  return page;
}

}  // namespace sluice
