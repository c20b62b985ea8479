// SPDX-License-Identifier: LGPL-2.1-or-later
/* JSON by json-c; see json.h. */

#include <limits.h>

#include "common/alloc.h"
#include "common/json.h"

#define JSON_DEPTH_MAX 16 /* deeper than anything that we write */

JSON_FUNCTIONS(DL_DEFINE)

int json_load(struct error *err)
{
	static const struct dl_symbol symbols[] = { JSON_FUNCTIONS(DL_SYMBOL){ 0 } };

	if (sym_json_object_put)
		return 0;
	return dl_load("libjson-c.so.5", symbols, err);
}

static json_object *checked(json_object *object)
{
	if (!object)
		alloc_failed();
	return object;
}

static void add(json_object *object, const char *key, json_object *value)
{
	if (sym_json_object_object_add(object, key, value) < 0)
		alloc_failed();
}

static void push(json_object *array, json_object *value)
{
	if (sym_json_object_array_add(array, value) < 0)
		alloc_failed();
}

json_object *json_new_object(void)
{
	return checked(sym_json_object_new_object());
}

void json_add_string(json_object *object, const char *key, const char *value)
{
	add(object, key, value ? checked(sym_json_object_new_string(value)) : NULL);
}

void json_add_number(json_object *object, const char *key, int64_t value)
{
	add(object, key, checked(sym_json_object_new_int64(value)));
}

void json_add_bool(json_object *object, const char *key, bool value)
{
	add(object, key, checked(sym_json_object_new_boolean(value)));
}

json_object *json_add_array(json_object *object, const char *key)
{
	json_object *array = checked(sym_json_object_new_array());

	add(object, key, array);
	return array;
}

json_object *json_push_object(json_object *array)
{
	json_object *object = json_new_object();

	push(array, object);
	return object;
}

void json_push_string(json_object *array, const char *value)
{
	push(array, checked(sym_json_object_new_string(value)));
}

static int get(json_object *object, const char *key, json_type type, json_object **ret)
{
	if (!sym_json_object_is_type(object, json_type_object) ||
	    !sym_json_object_object_get_ex(object, key, ret) ||
	    !sym_json_object_is_type(*ret, type))
		return -EINVAL;
	return 0;
}

int json_get_string(json_object *object, const char *key, const char **ret)
{
	json_object *value;

	if (get(object, key, json_type_string, &value) < 0)
		return -EINVAL;
	*ret = sym_json_object_get_string(value);
	return 0;
}

int json_get_number(json_object *object, const char *key, int64_t *ret)
{
	json_object *value;

	if (get(object, key, json_type_int, &value) < 0)
		return -EINVAL;
	*ret = sym_json_object_get_int64(value);
	return 0;
}

int json_get_bool(json_object *object, const char *key, bool *ret)
{
	json_object *value;

	if (get(object, key, json_type_boolean, &value) < 0)
		return -EINVAL;
	*ret = sym_json_object_get_boolean(value);
	return 0;
}

int json_get_array(json_object *object, const char *key, json_object **ret)
{
	return get(object, key, json_type_array, ret);
}

bool json_has(json_object *object, const char *key)
{
	json_object *value;

	return sym_json_object_is_type(object, json_type_object) &&
	       sym_json_object_object_get_ex(object, key, &value);
}

int json_parse(const char *text, size_t size, json_object **ret)
{
	_cleanup_json_ json_object *object = NULL;
	json_tokener *tokener;
	size_t end;
	bool done;

	if (size >= INT_MAX || strlen(text) != size)
		return -EINVAL;
	tokener = sym_json_tokener_new_ex(JSON_DEPTH_MAX);
	if (!tokener)
		alloc_failed();
	/* The final NUL is part of what is parsed: without it "12" could go on. */
	object = sym_json_tokener_parse_ex(tokener, text, (int)size + 1);
	done = sym_json_tokener_get_error(tokener) == json_tokener_success;
	end = sym_json_tokener_get_parse_end(tokener);
	sym_json_tokener_free(tokener);
	if (!done || !object ||
	    text[MIN(end, size) + strspn(text + MIN(end, size), " \t\r\n")])
		return -EINVAL;
	*ret = TAKE_PTR(object);
	return 0;
}

void json_free(json_object **object)
{
	if (*object)
		(void)sym_json_object_put(*object);
	*object = NULL;
}

char *json_format(json_object *object, bool pretty)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE |
		    (pretty ? JSON_C_TO_STRING_PRETTY : JSON_C_TO_STRING_PLAIN);
	const char *text = sym_json_object_to_json_string_length(object, flags, NULL);

	if (!text)
		alloc_failed();
	return xasprintf("%s\n", text);
}
