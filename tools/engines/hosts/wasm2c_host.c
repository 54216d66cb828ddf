/*
 * Calls the export `run` of the module `program` that wasm2c made C of, with each number among the arguments; prints a line for
 * each: the result, or `trap`.
 */
#include <stdio.h>
#include <stdlib.h>
#include "program.h"
#include "wasm-rt-impl.h"

int main(int count, char** words) {
  Z_program_instance_t instance;
  wasm_rt_init();
  Z_program_init_module();
  Z_program_instantiate(&instance);
  for (int i = 1; i < count; i++) {
    wasm_rt_trap_t code = wasm_rt_impl_try();
    if (code != 0) puts("trap");
    else printf("%d\n", (int)Z_programZ_run(&instance, (u32)strtol(words[i], NULL, 10)));
  }
  return 0;
}
