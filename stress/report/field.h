// Fields of a JSON object that somebody else wrote: a result line, a plan, an
// order. There, of the right type, and a number that fits; else false, and the
// value is left alone.
//
// Not nlohmann's own conversions, which take what they find: of 1e300 to an int
// they make something undefined, of -1 to an unsigned something large.
#ifndef REVEILLE_STRESS_REPORT_FIELD_H_
#define REVEILLE_STRESS_REPORT_FIELD_H_

#include <concepts>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "nlohmann/json.hpp"

namespace reveille::stress {

inline bool ReadValue(const nlohmann::json& json, bool* value) {
  if (json.is_boolean()) *value = json.get<bool>();
  return json.is_boolean();
}
inline bool ReadValue(const nlohmann::json& json, std::string* value) {
  if (json.is_string()) *value = json.get<std::string>();
  return json.is_string();
}
// JSON knows no infinity and no other number that is none.
inline bool ReadValue(const nlohmann::json& json, double* value) {
  if (json.is_number()) *value = json.get<double>();
  return json.is_number();
}
template <std::integral T>
bool ReadValue(const nlohmann::json& json, T* value) {
  const bool fits =
      json.is_number_unsigned()  ? std::in_range<T>(json.get<uint64_t>())
      : json.is_number_integer() ? std::in_range<T>(json.get<int64_t>())
                                 : false;
  if (fits) *value = json.get<T>();
  return fits;
}
inline bool ReadValue(const nlohmann::json& json,
                      std::vector<std::string>* value) {
  std::vector<std::string> read;
  if (!json.is_array()) return false;
  for (const nlohmann::json& entry : json) {
    if (!ReadValue(entry, &read.emplace_back())) return false;
  }
  *value = std::move(read);
  return true;
}

template <typename T>
bool ReadField(const nlohmann::json& object, const char* key, T* value) {
  if (!object.is_object()) return false;
  const auto field = object.find(key);
  return field != object.end() && ReadValue(*field, value);
}
// May be missing.
template <typename T>
bool ReadOptionalField(const nlohmann::json& object, const char* key,
                       T* value) {
  return object.is_object() &&
         (!object.contains(key) || ReadField(object, key, value));
}

}  // namespace reveille::stress

#endif  // REVEILLE_STRESS_REPORT_FIELD_H_
