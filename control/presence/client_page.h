#pragma once

#include <sluice/internal/v1/envelope.pb.h>
#include <sluice/v1/client.pb.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sluice {

// Which clients a list is of.
struct ClientQuery {
  std::string after;  // The last id of the page before; empty: from the start.
  std::size_t page_size = 100;
  std::string prefix;
  std::string group;
  std::map<std::string, std::string> metadata_match;
  bool is_full = false;  // CLIENT_VIEW_FULL.
};

struct ClientPage {
  std::vector<v1::Client> clients;
  std::string last_id;  // Where the next page goes on; empty: there is none.
  std::int64_t total_size = 0;
  std::vector<std::string> unreachable;  // Replicas whose clients may be missing.
};

// Which groups a list is of.
struct GroupQuery {
  std::string after;  // The last name of the page before; empty: from the start.
  std::size_t page_size = 100;
  std::string prefix;
};

struct GroupPage {
  std::vector<v1::Group> groups;
  std::string last_id;  // Where the next page goes on; empty: there is none.
  std::vector<std::string> unreachable;
};

// What one replica says of a client, added to what others have said.
void MergeClient(const v1::Client& from, v1::Client& into);

// One page of what the replicas answered: sorted, each client once. A replica that had more than
// its answer holds limits the page to where its answer ends, so that no client is passed over.
ClientPage MergeAnswers(std::vector<internal::v1::ClientsAnswer> answers, std::size_t page_size);

// The same for groups, whose counts add up.
GroupPage MergeAnswers(std::vector<internal::v1::GroupsAnswer> answers, std::size_t page_size);

}  // namespace sluice
