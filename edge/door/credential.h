#pragma once

#include <string>
#include <string_view>

#include "edge/door/stream_door.h"
#include "edge/http/answer.h"
#include "edge/http/stream_request.h"

namespace sluice {

// The token that a request for a stream carries: that of `Authorization: Bearer`, else of the
// query's `token`, else of the cookie `token`.
struct StreamToken {
  std::string text;  // Empty: there is none.
  bool is_cookie = false;
};

StreamToken FindToken(const RequestHead& head, const StreamRequest& request);

// The token of an Authorization header's value; empty if it is of another scheme (RFC 6750, 2.1).
std::string_view BearerToken(std::string_view authorization);

// Whether cookies speak for the user. Browsers send them along with requests that a page of any
// other origin makes, so they count only if Fetch metadata or Origin show that the page is of this
// origin, or of one that `cors` names: then the page could read the stream anyway. A request with
// neither header comes from no page of another origin, or from no browser.
bool MayUseCookies(const RequestHead& head, const CorsPolicy& cors);

// The answer to a request that would need cookies that it may not use.
Denial CookieOriginDenial();

}  // namespace sluice
