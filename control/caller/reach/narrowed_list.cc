#include "control/caller/reach/narrowed_list.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "control/caller/reach/request_reach.h"

namespace sluice {
namespace {

bool HasPrefix(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

// One list on its way through the prefixes.
class NarrowedList : public std::enable_shared_from_this<NarrowedList> {
 public:
  NarrowedList(const Caller& caller, ClientQuery query, ListClientsCall list, ListClientsDone done)
      : caller_(caller),
        prefixes_(PrefixesWithinReach(caller, query.prefix)),
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
    list_(query_, [self = shared_from_this()](absl::StatusOr<ClientPage> page) {
      self->OnPage(std::move(page));
    });
  }

 private:
  void Answer() {
    page_.unreachable.assign(unreachable_.begin(), unreachable_.end());
    done_(std::move(page_));
  }

  void OnPage(absl::StatusOr<ClientPage> page) {
    if (!page.ok()) return done_(page.status());
    query_.page_size -= std::min(query_.page_size, page->clients.size());
    for (v1::Client& client : page->clients) {
      KeepWithinReach(caller_, client);
      page_.clients.push_back(std::move(client));
    }
    for (std::string& replica : page->unreachable) unreachable_.insert(std::move(replica));
    ++next_;
    if (!page->last_id.empty()) {
      page_.last_id = page->last_id;
    } else if (query_.page_size > 0) {
      return Go();
    } else if (next_ < prefixes_.size()) {
      page_.last_id = page_.clients.back().client_id();
    }
    Answer();
  }

  const Caller caller_;
  const std::vector<std::string> prefixes_;
  ClientQuery query_;
  const ListClientsCall list_;
  ListClientsDone done_;
  std::size_t next_ = 0;
  ClientPage page_;
  std::set<std::string> unreachable_;
};

}  // namespace

void ListWithinReach(const Caller& caller, ClientQuery query, ListClientsCall list,
                     ListClientsDone done) {
  if (!caller.is_narrowed()) return list(std::move(query), std::move(done));
  std::make_shared<NarrowedList>(caller, std::move(query), std::move(list), std::move(done))->Go();
}

std::vector<std::string> PrefixesWithinReach(const Caller& caller, const std::string& prefix) {
  if (!caller.is_narrowed()) return {prefix};
  std::vector<std::string> within;
  for (const std::string& reached :
       caller.client_id_prefixes.value_or(std::vector<std::string>())) {
    if (HasPrefix(reached, prefix)) {
      within.push_back(reached);
    } else if (HasPrefix(prefix, reached)) {
      within.push_back(prefix);
    }
  }
  return within;
}

}  // namespace sluice
