"""What the source tells its reader: shapes and dtypes of arrays, functions that fit a screen."""

import ast
import re
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "orangecontrib" / "imageembedding"
TREES = {
    str(path.relative_to(PACKAGE)): ast.parse(path.read_text("utf-8"))
    for path in sorted(PACKAGE.rglob("*.py"))
}
MAX_LINES = 60
ELSEWHERE = re.compile(r"\bas `[\w.]+` says")
ARRAYS = ("NDArray", "np.ndarray", "torch.Tensor")


def _aliases(tree):
    """Get the names that a module gives to arrays, as in ``Vectors = NDArray[np.float32]``."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith(ARRAYS):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


ALIASES = {
    path.removesuffix(".py").replace("/", "."): set(_aliases(tree)) for path, tree in TREES.items()
}


def _array_names(path):
    """Get what names an array in a module."""
    names = {*ARRAYS, *_aliases(TREES[path])}
    for node in TREES[path].body:
        if isinstance(node, ast.ImportFrom):
            module = (node.module or "").removeprefix("orangecontrib.imageembedding.")
            names |= ALIASES.get(module, set()) & {alias.name for alias in node.names}
    return names


def _functions(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _public(body, prefix=""):
    """Get the public functions and methods of a module, with their names."""
    for node in body:
        if getattr(node, "name", "_").startswith("_"):
            continue
        if isinstance(node, ast.ClassDef):
            yield from _public(node.body, f"{prefix}{node.name}.")
        else:
            yield prefix + node.name, node


def _arrays_of(function, pattern):
    """Get the annotations of a function that speak of arrays."""
    arguments = function.args.posonlyargs + function.args.args + function.args.kwonlyargs
    annotations = [argument.annotation for argument in arguments] + [function.returns]
    texts = [ast.unparse(annotation) for annotation in annotations if annotation is not None]
    return [text for text in texts if pattern.search(text)]


def _n_described(text):
    """Count arrays with shape and dtype; ``rows, columns : ndarray of shape …`` are two."""
    n_more = len(re.findall(r", \w+(?=[\w, ]* : .*shape \()", text))
    return n_more + min(text.lower().count("shape ("), text.count("dtype"))


def test_public_functions_tell_the_shape_and_dtype_of_each_array():
    silent = []
    for path, tree in TREES.items():
        names = "|".join(re.escape(name) for name in sorted(_array_names(path)))
        pattern = re.compile(rf"(?<!\w)({names})\b")
        for name, function in _public(tree.body):
            text = ast.get_docstring(function) or ""
            arrays = _arrays_of(function, pattern)
            if _n_described(text) < len(arrays) and not ELSEWHERE.search(text):
                silent.append(f"{path}:{function.lineno} {name}: {', '.join(arrays)}")
    assert not silent, "\n".join(silent)


def test_no_function_is_longer_than_a_screen():
    """A docstring does not count: it may tell as much as there is to tell."""
    long = []
    for path, tree in TREES.items():
        for function in _functions(tree):
            text = function.body[0] if ast.get_docstring(function) else None
            n_lines = function.end_lineno - function.lineno + 1
            n_lines -= text.end_lineno - text.lineno + 1 if text else 0
            if n_lines > MAX_LINES:
                long.append(f"{path}:{function.lineno} {function.name}: {n_lines} lines")
    assert not long, "\n".join(long)
