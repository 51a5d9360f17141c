// SPDX-License-Identifier: GPL-2.0-only
#include "tree.h"

#include "workloads/lib/random.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum {
	CASES = 12,
	BITS = 30, // of constants: they stay int
};

__attribute__((format(printf, 2, 3))) static void put(struct tree_text *text,
						      const char *format, ...)
{
	va_list arguments;
	int length;

	if (text->length >= text->size)
		return;
	va_start(arguments, format);
	length = vsnprintf(text->data + text->length, text->size - text->length,
			   format, arguments);
	va_end(arguments);
	text->length += (size_t)length;
}

static unsigned int constant(uint64_t *state)
{
	return (unsigned int)random_below(state, (1u << BITS) - 2) + 2;
}

static unsigned int item(uint64_t *state)
{
	return (unsigned int)random_below(state, TREE_ITEMS);
}

static void header_item(struct tree_text *text, uint64_t *state,
			unsigned int number)
{
	put(text,
	    "#define NODE_%u_SEED %uul\n"
	    "#define NODE_%u_IS(node, flag) (((node)->flags[(flag) & 7] & "
	    "%uu) != 0)\n"
	    "enum kind_%u { KIND_%u_NONE, KIND_%u_FIRST = %u, KIND_%u_NEXT, "
	    "KIND_%u_LAST };\n\n",
	    number, constant(state), number, constant(state), number, number,
	    number, constant(state), number, number);
	put(text,
	    "struct node_%u {\n\tunsigned long key, count;\n\tunsigned int "
	    "flags[8];\n\tstruct node_%u *next;\n\tenum kind_%u kind;\n\tshort "
	    "left, right;\n};\n\n",
	    number, item(state), number);
	put(text,
	    "static inline unsigned long node_%u_mix(struct node_%u *node, "
	    "unsigned long x)\n{\n\tnode->key = node->key * NODE_%u_SEED + "
	    "x;\n\tif (NODE_%u_IS(node, x))\n\t\tnode->count += node->key >> "
	    "%u;\n\telse\n\t\tnode->count ^= x * %uul;\n\treturn node->count + "
	    "(unsigned long)(node->left * node->right);\n}\n\n",
	    number, number, number, number,
	    1 + (unsigned int)random_below(state, 31), constant(state));
}

void tree_header(struct tree_text *text, uint64_t seed)
{
	uint64_t state = random_mix(seed);

	text->length = 0;
	put(text, "/* SPDX-License-Identifier: GPL-2.0-only */\n"
		  "#ifndef TREE_H\n#define TREE_H\n\n");
	for (unsigned int number = 0; number < TREE_ITEMS; number++)
		header_item(text, &state, number);
	put(text, "#endif\n");
}

static void decide(struct tree_text *text, uint64_t *state, unsigned int a)
{
	put(text, "\tswitch (n %% %u) {\n", CASES + 1);
	for (unsigned int number = 0; number < CASES; number++)
		put(text,
		    "\tcase %u:\n\t\ts += t[%u] * %uul;\n\t\tt[%u] ^= "
		    "node_%u_mix(a, s);\n\t\tbreak;\n",
		    number, number, constant(state),
		    (unsigned int)random_below(state, 16), a);
	put(text, "\tdefault:\n\t\ts -= n;\n\t}\n");
}

static void function(struct tree_text *text, uint64_t *state, unsigned int unit,
		     unsigned int number)
{
	const unsigned int a = item(state), b = item(state);

	put(text,
	    "unsigned long unit_%u_%u(struct node_%u *a, struct node_%u *b, "
	    "unsigned long n)\n{\n\tunsigned long s = n, t[16];\n\n"
	    "\tfor (unsigned int i = 0; i < 16; i++)\n"
	    "\t\tt[i] = s += node_%u_mix(a, i * %uul);\n",
	    unit, number, a, b, a, constant(state));
	decide(text, state, a);
	put(text,
	    "\tfor (unsigned long i = 0; i < n; i++) {\n"
	    "\t\tif (t[i & 15] & %uul)\n"
	    "\t\t\ts ^= node_%u_mix(b, s);\n"
	    "\t\telse if (b->kind == KIND_%u_NEXT)\n"
	    "\t\t\tt[(i + s) & 15] += (s << %u) | a->flags[i & 7];\n"
	    "\t\tfor (unsigned int j = 0; j < 8; j++)\n"
	    "\t\t\tb->flags[j] += (unsigned int)(t[j] ^ t[j + %u]);\n\t}\n",
	    constant(state), b, b, 1 + (unsigned int)random_below(state, 31),
	    1 + (unsigned int)random_below(state, 8));
	put(text,
	    "\tfor (unsigned int i = 0; i < 16; i++)\n"
	    "\t\ts = s / (t[i] %% %u + 1) + t[i];\n\treturn s;\n}\n\n",
	    constant(state));
}

void tree_unit(struct tree_text *text, uint64_t seed, unsigned int unit,
	       unsigned int functions)
{
	uint64_t state = random_mix(seed + (uint64_t)(unit + 1) * RANDOM_STEP);

	text->length = 0;
	put(text, "// SPDX-License-Identifier: GPL-2.0-only\n"
		  "#include \"tree.h\"\n\n");
	for (unsigned int number = 0; number < functions; number++)
		function(text, &state, unit, number);
}
