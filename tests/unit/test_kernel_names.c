// SPDX-License-Identifier: GPL-2.0
/* Functions, tracepoints and structs of the kernel, found by name in its tables. */
#include "unit.h"

#include <linux/btf.h>
#include <bpf/btf.h>

#include "kernel/symbols.h"
#include "kernel/btf_types.h"

static void write_file(char *path, const void *data, size_t size)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	close(fd);
}

/* ---- types ---- */

/* A function of so many arguments, all of the type. */
static int add_proto(struct btf *btf, int args, int type)
{
	int id = btf__add_func_proto(btf, 0);

	while (args--)
		assert_int_equal(btf__add_func_param(btf, "arg", type), 0);
	return id;
}

static struct cl_types *types_of_a_kernel(void)
{
	char path[] = "/tmp/convlist-types-XXXXXX";
	struct btf *btf = btf__new_empty();
	struct cl_types *types;
	const void *raw;
	__u32 size;
	int number, pointer, proto;

	assert_non_null(btf);
	number = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	pointer = btf__add_ptr(btf, number);
	btf__add_func(btf, "ext4_rename2", BTF_FUNC_STATIC, add_proto(btf, 6, number));
	/* Another of the name comes later; the first is found. */
	btf__add_func(btf, "ext4_rename2", BTF_FUNC_STATIC, add_proto(btf, 2, number));
	btf__add_func(btf, "schedule", BTF_FUNC_GLOBAL, add_proto(btf, 1, number));
	btf__add_struct(btf, "ext4_inode_info", 8);
	btf__add_struct(btf, "task_struct", 8);
	/* As they come: void *data, then what the tracepoint tells. */
	proto = btf__add_func_proto(btf, 0);
	btf__add_func_param(btf, "__data", pointer);
	btf__add_func_param(btf, "inode", pointer);
	btf__add_func_param(btf, "ret", number);
	btf__add_typedef(btf, "btf_trace_ext4_sync", btf__add_ptr(btf, proto));
	btf__add_typedef(btf, "btf_trace_of_nothing", number);
	btf__add_typedef(btf, "ext4_lblk_t", number);

	raw = btf__raw_data(btf, &size);
	write_file(path, raw, size);
	btf__free(btf);
	cl_types_use_file(path);
	assert_int_equal(cl_types_load(&types), 0);
	unlink(path);
	return types;
}

static void names_are_found_as_what_they_are(void **state)
{
	struct cl_types *t = types_of_a_kernel();

	assert_true(cl_types_are_there(t));
	assert_true(cl_types_func(t, "ext4_rename2"));
	assert_false(cl_types_func(t, "ext4_rename"));
	assert_false(cl_types_func(t, "ext4_inode_info"));
	assert_true(cl_types_struct(t, "ext4_inode_info"));
	assert_false(cl_types_struct(t, "ext4_rename2"));
	assert_false(cl_types_struct(t, "ext4_lblk_t"));
	assert_true(cl_types_tracepoint(t, "ext4_sync"));
	assert_false(cl_types_tracepoint(t, "ext4_rename2"));
	/* None of those that are kept in the index. */
	assert_true(cl_types_func(t, "schedule"));
	assert_true(cl_types_struct(t, "task_struct"));
	assert_false(cl_types_func(t, "task_struct"));
	assert_false(cl_types_struct(t, "no_such_struct"));
	cl_types_free(t);
}

static void types_of_a_file_are_not_for_fentry(void **state)
{
	struct cl_types *t = types_of_a_kernel();

	assert_non_null(cl_types_file(t));
	assert_false(cl_types_fentry(t, "ext4_rename2"));
	cl_types_free(t);
}

static void arguments_are_counted(void **state)
{
	struct cl_types *t = types_of_a_kernel();

	assert_int_equal(cl_types_func_args(t, "ext4_rename2"), 6);
	assert_int_equal(cl_types_func_args(t, "schedule"), 1);
	assert_int_equal(cl_types_func_args(t, "ext4_create"), 0);
	assert_int_equal(cl_types_tracepoint_args(t, "ext4_sync"), 2);
	assert_int_equal(cl_types_tracepoint_args(t, "of_nothing"), 0);
	assert_int_equal(cl_types_tracepoint_args(t, "no_such"), 0);
	assert_true(cl_types_tracepoint_pointer(t, "ext4_sync", 0));
	assert_false(cl_types_tracepoint_pointer(t, "ext4_sync", 1));
	assert_false(cl_types_tracepoint_pointer(t, "ext4_sync", 2));
	assert_false(cl_types_tracepoint_pointer(t, "of_nothing", 0));
	cl_types_free(t);
}

static void a_file_without_types_is_an_error(void **state)
{
	char path[] = "/tmp/convlist-types-XXXXXX";
	struct cl_types *t;

	write_file(path, "none", 4);
	cl_types_use_file(path);
	assert_true(cl_types_load(&t) < 0);
	unlink(path);
}

/* ---- symbols ---- */

static const char table[] =
	"ffffffff81000000 T ext4_sync_file\n"
	"ffffffff81000010 t ext4_iomap_begin\t[ext4]\n"
	"ffffffff81000020 d ext4_a_variable\n"
	"ffffffff81000030 t ext4_made_unique.llvm.123456\n"
	"ffffffff81000040 t ext4_left_over.isra.0\n"
	"ffffffff81000050 t ext4_split.cold\n"
	"ffffffff81000060 t schedule\n"
	"ffffffff81000070 t aio_complete_rw\n"
	"no line of a table\n"
	"ffffffff81000080 t";

static void symbols_are_found(void **state)
{
	char path[] = "/tmp/convlist-symbols-XXXXXX";
	struct cl_symbols s = { .table = path };
	const char *changed;

	write_file(path, table, sizeof(table) - 1);
	assert_string_equal(cl_symbols_find(&s, "ext4_sync_file", &changed), "ext4_sync_file");
	assert_string_equal(cl_symbols_find(&s, "ext4_iomap_begin", &changed), "ext4_iomap_begin");
	assert_string_equal(cl_symbols_find(&s, "aio_complete_rw", &changed), "aio_complete_rw");
	assert_null(cl_symbols_find(&s, "ext4_sync", &changed));
	assert_null(changed);
	assert_null(cl_symbols_find(&s, "ext4_a_variable", &changed));
	assert_string_equal(cl_symbols_find(&s, "ext4_made_unique", &changed),
			    "ext4_made_unique.llvm.123456");
	assert_null(cl_symbols_find(&s, "ext4_split", &changed));
	assert_null(changed);
	unlink(path);
	cl_symbols_free(&s);
}

static void a_copy_with_other_arguments_is_not_taken(void **state)
{
	char path[] = "/tmp/convlist-symbols-XXXXXX";
	struct cl_symbols s = { .table = path };
	const char *changed;

	write_file(path, table, sizeof(table) - 1);
	assert_null(cl_symbols_find(&s, "ext4_left_over", &changed));
	assert_string_equal(changed, "ext4_left_over.isra.0");
	unlink(path);
	cl_symbols_free(&s);
}

static void without_a_table_there_is_no_symbol(void **state)
{
	struct cl_symbols s = { .table = "/no/such/table" };
	const char *changed;

	assert_null(cl_symbols_find(&s, "ext4_sync_file", &changed));
	cl_symbols_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_found_as_what_they_are),
		cmocka_unit_test(types_of_a_file_are_not_for_fentry),
		cmocka_unit_test(arguments_are_counted),
		cmocka_unit_test(a_file_without_types_is_an_error),
		cmocka_unit_test(symbols_are_found),
		cmocka_unit_test(a_copy_with_other_arguments_is_not_taken),
		cmocka_unit_test(without_a_table_there_is_no_symbol),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
