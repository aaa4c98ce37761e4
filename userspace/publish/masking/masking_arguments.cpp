#include <algorithm>
#include <string_view>

#include "publish/masking/masking.hpp"

// The command line of a process: many programs take secrets there, and each host shows them to all.
namespace xdpcap::publish {
namespace {

constexpr bool is_argument_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '%';
}

bool overwrite_chars(std::span<char> text, std::size_t from, std::size_t to) noexcept {
  if (from >= to) return false;
  std::fill(text.begin() + static_cast<std::ptrdiff_t>(from),
            text.begin() + static_cast<std::ptrdiff_t>(to), '*');
  return true;
}

// name=value, name: value, also with quotes, wherever they stand in an argument (a JSON text, a
// form, an environment variable, a script). Behind '=' the value ends with a blank or '&' where it
// has no quote, behind ':' with the argument.
bool mask_named_values(std::span<char> argument, const SecretNames& names) noexcept {
  const std::string_view text(argument.data(), argument.size());
  bool masked = false;
  for (std::size_t at = 0; at < text.size();) {
    if (!is_argument_name_character(text[at])) {
      ++at;
      continue;
    }
    const auto* const name_end =
        std::find_if_not(text.begin() + at, text.end(), is_argument_name_character);
    const auto end = static_cast<std::size_t>(name_end - text.begin());
    const std::string_view name = text.substr(at, end - at);
    const std::size_t sign = text.find_first_not_of(" \"'", end);
    const bool is_value =
        sign != std::string_view::npos && (text[sign] == '=' || text[sign] == ':');
    at = end;
    if (!is_value || !(names.has_parameter(name) || names.has_field(name))) continue;
    std::size_t begin = std::min(text.find_first_not_of(" =:", sign), text.size());
    const bool is_plain =
        text[sign] == '=' && begin < text.size() && text[begin] != '"' && text[begin] != '\'';
    const std::size_t value_end =
        is_plain ? std::min(text.find_first_of(" &", begin), text.size()) : text.size();
    if (!is_plain && begin < text.size() && (text[begin] == '"' || text[begin] == '\'')) ++begin;
    masked = overwrite_chars(argument, begin, value_end) || masked;
    at = std::max(at, value_end);
  }
  return masked;
}

bool mask_user_info(std::span<char> argument) noexcept {
  const std::string_view text(argument.data(), argument.size());
  bool masked = false;
  for (std::size_t at = text.find("://"); at != std::string_view::npos;
       at = text.find("://", at + 3)) {
    const std::size_t begin = at + 3;
    const std::size_t end = std::min(text.find_first_of("/?# \"'", begin), text.size());
    const std::size_t sign = text.substr(0, end).rfind('@');
    if (sign != std::string_view::npos && sign >= begin)
      masked = overwrite_chars(argument, begin, sign) || masked;
  }
  return masked;
}

// What an argument says of the next one.
enum class Next { nothing, secret, user };

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> list) noexcept {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// Short options whose next argument is a password.
bool takes_secret_after(std::string_view program, std::string_view option) noexcept {
  if (option == "-p") return program == "sshpass" || program.starts_with("mongo");
  if (option == "-a") return program == "redis-cli" || program == "valkey-cli";
  if (option == "-w") return program.starts_with("ldap");
  if (option == "-P") return is_one_of(program, {"sqlcmd", "tsql", "ftp", "ncftp"});
  return false;
}

Next announced_by(std::string_view option, std::string_view program,
                  const SecretNames& names) noexcept {
  if (option.empty() || option.front() != '-') return Next::nothing;
  if (is_one_of(option, {"-u", "-U", "--user", "--proxy-user"})) return Next::user;
  if (takes_secret_after(program, option)) return Next::secret;
  if (option.find_first_of("=: ") != std::string_view::npos) return Next::nothing;
  const std::string_view name =
      option.substr(std::min(option.find_first_not_of('-'), option.size()));
  return names.has_parameter(name) ? Next::secret : Next::nothing;
}

// Options with their value attached: -uname:password, and -ppassword of some programs.
bool mask_attached(std::span<char> argument, std::string_view program) noexcept {
  const std::string_view text(argument.data(), argument.size());
  const std::size_t colon = text.find(':');
  if ((text.starts_with("-u") || text.starts_with("-U") || text.starts_with("--user=") ||
       text.starts_with("--proxy-user=")) &&
      colon != std::string_view::npos) {
    return overwrite_chars(argument, colon + 1, text.size());
  }
  const bool has_password_option =
      program.starts_with("mysql") || program.starts_with("mariadb") || program == "sshpass";
  return has_password_option && text.starts_with("-p") && overwrite_chars(argument, 2, text.size());
}

std::string_view base_name(std::string_view path) noexcept {
  return path.substr(path.rfind('/') + 1);
}

} // namespace

bool mask_arguments(std::span<char> arguments, const SecretNames& names) noexcept {
  const std::string_view text(arguments.data(), arguments.size());
  const std::string_view program = base_name(text.substr(0, text.find('\0')));
  bool masked = false;
  Next next = Next::nothing;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\0', at), text.size());
    const std::string_view argument = text.substr(at, end - at);
    const std::span<char> place = arguments.subspan(at, end - at);
    const Next announced = announced_by(argument, program, names);
    if (next == Next::secret && !argument.starts_with('-')) {
      masked = overwrite_chars(place, 0, place.size()) || masked;
    } else if (next == Next::user && argument.find(':') != std::string_view::npos) {
      masked = overwrite_chars(place, argument.find(':') + 1, place.size()) || masked;
    } else {
      masked = mask_attached(place, program) || masked;
      masked = mask_user_info(place) || masked;
      masked = mask_named_values(place, names) || masked;
    }
    next = announced;
    at = end + 1;
  }
  return masked;
}

} // namespace xdpcap::publish
