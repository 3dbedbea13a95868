/* SPDX-License-Identifier: GPL-2.0-only */
/* Files of rules and of sets that the fuzzer has kept (tests/fuzz/corpus/rules_file), once more. */
#include "rules_corpus.c"
