#include "control/caller/reach/narrowed_list.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "control/caller/reach/request_reach.h"

namespace sluice {
namespace {

bool HasPrefix(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

std::vector<v1::Client>& ItemsOf(ClientPage& page) {
  return page.clients;
}

std::vector<v1::Group>& ItemsOf(GroupPage& page) {
  return page.groups;
}

const std::string& NameOf(const v1::Client& client) {
  return client.client_id();
}

const std::string& NameOf(const v1::Group& group) {
  return group.group();
}

void KeepWithinReach(const Caller&, v1::Group&) {}

// One list on its way through the prefixes.
template <typename Query, typename Page>
class NarrowedList : public std::enable_shared_from_this<NarrowedList<Query, Page>> {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<Page>)>;
  using List = std::function<void(Query, Done)>;

  NarrowedList(const Caller& caller, std::vector<std::string> prefixes, Query query, List list,
               Done done)
      : caller_(caller),
        prefixes_(std::move(prefixes)),
        query_(std::move(query)),
        list_(std::move(list)),
        done_(std::move(done)) {}

  void Go() {
    // Those that the pages before have been through.
    while (next_ < prefixes_.size() && query_.after > prefixes_[next_] &&
           !HasPrefix(query_.after, prefixes_[next_])) {
      ++next_;
    }
    if (next_ == prefixes_.size()) return Answer();
    query_.prefix = prefixes_[next_];
    list_(query_, [self = this->shared_from_this()](absl::StatusOr<Page> page) {
      self->OnPage(std::move(page));
    });
  }

 private:
  void Answer() {
    page_.unreachable.assign(unreachable_.begin(), unreachable_.end());
    done_(std::move(page_));
  }

  void OnPage(absl::StatusOr<Page> page) {
    if (!page.ok()) return done_(page.status());
    query_.page_size -= std::min(query_.page_size, ItemsOf(*page).size());
    for (auto& item : ItemsOf(*page)) {
      KeepWithinReach(caller_, item);
      ItemsOf(page_).push_back(std::move(item));
    }
    for (std::string& replica : page->unreachable) unreachable_.insert(std::move(replica));
    ++next_;
    if (!page->last_id.empty()) {
      page_.last_id = page->last_id;
    } else if (query_.page_size > 0) {
      return Go();
    } else if (next_ < prefixes_.size()) {
      page_.last_id = NameOf(ItemsOf(page_).back());
    }
    Answer();
  }

  const Caller caller_;
  const std::vector<std::string> prefixes_;
  Query query_;
  const List list_;
  Done done_;
  std::size_t next_ = 0;
  Page page_;
  std::set<std::string> unreachable_;
};

// The parts of `prefix` that are within one of these, or it itself.
std::vector<std::string> Within(const std::optional<std::vector<std::string>>& reach,
                                const std::string& prefix) {
  std::vector<std::string> within;
  for (const std::string& reached : reach.value_or(std::vector<std::string>())) {
    if (HasPrefix(reached, prefix)) {
      within.push_back(reached);
    } else if (HasPrefix(prefix, reached)) {
      within.push_back(prefix);
    }
  }
  return within;
}

}  // namespace

void ListWithinReach(const Caller& caller, ClientQuery query, ListClientsCall list,
                     ListClientsDone done) {
  if (!caller.is_narrowed()) return list(std::move(query), std::move(done));
  auto prefixes = Within(caller.client_id_prefixes, query.prefix);
  std::make_shared<NarrowedList<ClientQuery, ClientPage>>(
      caller, std::move(prefixes), std::move(query), std::move(list), std::move(done))
      ->Go();
}

void ListWithinReach(const Caller& caller, GroupQuery query, ListGroupsCall list,
                     ListGroupsDone done) {
  if (!caller.is_narrowed()) return list(std::move(query), std::move(done));
  auto prefixes = Within(caller.group_prefixes, query.prefix);
  std::make_shared<NarrowedList<GroupQuery, GroupPage>>(
      caller, std::move(prefixes), std::move(query), std::move(list), std::move(done))
      ->Go();
}

}  // namespace sluice
