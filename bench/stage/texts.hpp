#pragma once

#include <string>

// The messages that several stages are measured with.
namespace xdpcap::bench {

// A request of an API client, about 300 bytes.
inline std::string small_request() {
  return "GET /catalogue/item-4711?view=full HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: "
         "client/2.4\r\n"
         "Accept: application/json\r\nAccept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\n"
         "X-Request-Id: 6f1c2a7e-0d1b-4b52-9b1e-3c7b1f0a9d55\r\nAuthorization: Bearer "
         "c2VjcmV0c2VjcmV0c2VjcmV0\r\n\r\n";
}

// A request of a browser, about 900 bytes.
inline std::string browser_request() {
  return "GET /articles/2024/why-packets-get-lost?utm_source=newsletter&utm_medium=mail "
         "HTTP/1.1\r\n"
         "Host: www.example.com\r\nConnection: keep-alive\r\nCache-Control: max-age=0\r\n"
         "sec-ch-ua: \"Chromium\";v=\"118\", \"Not=A?Brand\";v=\"99\"\r\nsec-ch-ua-mobile: ?0\r\n"
         "sec-ch-ua-platform: \"Linux\"\r\nUpgrade-Insecure-Requests: 1\r\n"
         "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
         "Chrome/118.0 "
         "Safari/537.36\r\n"
         "Accept: "
         "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
         "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-User: "
         "?1\r\nSec-Fetch-Dest: document\r\n"
         "Referer: https://www.example.com/\r\nAccept-Encoding: gzip, deflate, br\r\n"
         "Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n"
         "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; consent=yes; "
         "_ga=GA1.2.1234567890.1700000000\r\n\r\n";
}

// The head of a response with a body of `bytes`.
inline std::string response_head(std::size_t bytes) {
  return "HTTP/1.1 200 OK\r\nServer: example\r\nDate: Tue, 14 Nov 2023 22:13:20 "
         "GMT\r\nContent-Type: "
         "application/json\r\n"
         "Content-Length: " +
         std::to_string(bytes) + "\r\nCache-Control: no-store\r\nConnection: keep-alive\r\n\r\n";
}

} // namespace xdpcap::bench
