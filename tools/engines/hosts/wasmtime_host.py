"""Runs one module on Wasmtime, by its Python package.

    wasmtime_host.py calls FILE NUMBER...   calls the export `run` with each number; a line for each: the result, or `trap`
    wasmtime_host.py command FILE WORD...   runs a WASI command with these arguments
"""

import sys
from wasmtime import Config, Engine, ExitTrap, Linker, Module, Store, Trap, WasiConfig

mode, file, *words = sys.argv[1:]
config = Config()
# There, but not switched on by itself in every version.
for name in ["wasm_tail_call", "wasm_exceptions", "wasm_multi_memory", "wasm_memory64", "wasm_relaxed_simd"]:
    if hasattr(Config, name):
        setattr(config, name, True)
engine = Engine(config)
store = Store(engine)
linker = Linker(engine)
if mode == "command":
    wasi = WasiConfig()
    wasi.argv = ["program", *words]
    wasi.inherit_stdout()
    store.set_wasi(wasi)
    linker.define_wasi()
exports = linker.instantiate(store, Module.from_file(engine, file)).exports(store)
if mode == "command":
    try:
        exports["_start"](store)
    except ExitTrap as exit:
        sys.exit(exit.code)
else:
    for word in words:
        try:
            print(exports["run"](store, int(word)))
        except Trap:
            print("trap")
