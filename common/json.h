/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON by json-c, loaded when first needed (see dl.h): json_load() comes before anything else.
 * Objects are json-c's own, with its reference counting; the helpers below build and read them
 * in the few ways that we need.
 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/dl.h"
#include "common/error.h"

#define JSON_FUNCTIONS(X)                    \
	X(json_object_array_add)             \
	X(json_object_array_get_idx)         \
	X(json_object_array_length)          \
	X(json_object_get_boolean)           \
	X(json_object_get_int64)             \
	X(json_object_get_string)            \
	X(json_object_is_type)               \
	X(json_object_new_array)             \
	X(json_object_new_boolean)           \
	X(json_object_new_int64)             \
	X(json_object_new_object)            \
	X(json_object_new_string)            \
	X(json_object_object_add)            \
	X(json_object_object_get_ex)         \
	X(json_object_put)                   \
	X(json_object_to_json_string_length) \
	X(json_tokener_free)                 \
	X(json_tokener_get_error)            \
	X(json_tokener_get_parse_end)        \
	X(json_tokener_new_ex)               \
	X(json_tokener_parse_ex)

JSON_FUNCTIONS(DL_DECLARE)

/* Loads the library: 0 or -ELIBACC with @err set. */
int json_load(struct error *err);

/* Building: each adds to @object under @key; a NULL string adds null. */
void json_add_string(json_object *object, const char *key, const char *value);
void json_add_number(json_object *object, const char *key, int64_t value);
void json_add_bool(json_object *object, const char *key, bool value);
/* Adds and returns an empty array or object, owned by @object. */
json_object *json_add_array(json_object *object, const char *key);
json_object *json_push_object(json_object *array);

/*
 * Reading: 0, or -EINVAL when the member is missing or of another type. Strings belong to
 * @object.
 */
int json_get_string(json_object *object, const char *key, const char **ret) _must_check_;
int json_get_number(json_object *object, const char *key, int64_t *ret) _must_check_;
int json_get_bool(json_object *object, const char *key, bool *ret) _must_check_;
int json_get_array(json_object *object, const char *key, json_object **ret) _must_check_;

/* Whether there is such a member, of whatever type. */
bool json_has(json_object *object, const char *key);

/* Parses text that is one JSON value and nothing else: 0 or -EINVAL. */
int json_parse(const char *text, size_t size, json_object **ret) _must_check_;

void json_free(json_object **object);
#define _cleanup_json_ _cleanup_(json_free)

/* New and empty; like everything here, never NULL. */
json_object *json_new_object(void);

/* Appends a string to an array. */
void json_push_string(json_object *array, const char *value);

/* Text with a final newline, on one line or (@pretty) indented; the caller frees. */
char *json_format(json_object *object, bool pretty);
