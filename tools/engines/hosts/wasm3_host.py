"""Runs one module on wasm3, by its Python package.

    wasm3_host.py calls FILE NUMBER...   calls the export `run` with each number; a line for each: the result, or `trap`
"""

import sys
import wasm3

_, file, *words = sys.argv[1:]
environment = wasm3.Environment()
runtime = environment.new_runtime(1 << 20)
with open(file, "rb") as input:
    module = environment.parse_module(input.read())
runtime.load(module)
run = runtime.find_function("run")
for word in words:
    try:
        print(run(int(word)))
    except RuntimeError as error:
        if not str(error).startswith("[trap]"):
            raise
        print("trap")
