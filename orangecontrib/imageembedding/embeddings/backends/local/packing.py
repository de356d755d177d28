"""A network → the same network, faster on a processor: batch norms folded, weights prepacked.

Eager convolutions of torch reorder their weights into the processor's layout at every call. Here
that happens once, and what follows a convolution (an activation, the sum with a shortcut) is
computed on the way, while the numbers are still in the processor's cache. torch.compile does the
same, but needs a C++ compiler on the user's computer; torch.jit is deprecated.
"""

from __future__ import annotations

import copy
import logging
import operator
from typing import Any, TypeGuard

import torch
from torch import Tensor, fx, nn
from torch.nn.utils import fuse_conv_bn_eval

LOG = logging.getLogger(__name__)
ACTIVATIONS = {nn.ReLU: "relu", nn.SiLU: "swish", nn.Hardswish: "hardswish"}
RELU_FUNCTIONS = (torch.relu, nn.functional.relu)
ADD_FUNCTIONS = (operator.add, operator.iadd, torch.add)
# How far features may move, as a part of the largest; rounding makes 1e-6, 1e-2 in bfloat16.
TOLERANCES = {torch.float32: 1e-3, torch.bfloat16: 1e-1}


def packed(network: nn.Module, example: Tensor) -> nn.Module:
    """Get a faster network that computes the same; only a converted one where there is none.

    In the second case the reason is logged.

    Parameters
    ----------
    network : Module
        In eval mode, on the CPU, float32; is not changed.
    example : Tensor of shape (n, 3, S, S)
        What will come, in float32 or bfloat16: its type is computed in, and the layout of the
        weights is chosen for its shape.
    """
    try:
        is_exact = example.dtype is torch.float32
        graph = _traced(network if is_exact else copy.deepcopy(network))
        _fold_batch_norms(graph)
        graph.to(example.dtype)
        _pack_convolutions(graph, _input_shapes(graph, example))
        faster = fx.GraphModule(graph, graph.graph)
        _check_alike(network, faster, example[:1])
        return faster
    except Exception as error:  # noqa: BLE001 - any network may come; each version of torch differs
        n_convolutions = sum(isinstance(module, nn.Conv2d) for module in network.modules())
        LOG.log(
            logging.WARNING if n_convolutions > 1 else logging.DEBUG,  # of a transformer: no loss
            "%s is computed as it is, which is slower: its weights cannot be packed "
            "(torch %s, %s: %s).",
            type(network).__name__, torch.__version__, type(error).__name__, error,
        )  # fmt: skip
    return network.to(example.dtype)


def n_packed(network: nn.Module) -> int:
    """Count the convolutions that are packed."""
    return sum(isinstance(module, _PackedConv2d) for module in network.modules())


class _Tracer(fx.Tracer):  # type: ignore[misc]
    def is_leaf_module(self, module: nn.Module, name: str) -> bool:
        # timm's own ones hold an activation or a padding: they are to be folded, not looked into.
        is_known = isinstance(module, nn.BatchNorm2d | nn.Conv2d)
        return is_known or super().is_leaf_module(module, name)


def _traced(network: nn.Module) -> fx.GraphModule:
    """Get a graph of the network, in which operations can be exchanged."""
    return fx.GraphModule(network, _Tracer().trace(network))


def _module_of(graph: fx.GraphModule, node: object) -> nn.Module | None:
    if isinstance(node, fx.Node) and node.op == "call_module":
        return graph.get_submodule(str(node.target))
    return None


def _only_user(node: fx.Node) -> fx.Node | None:
    return next(iter(node.users)) if len(node.users) == 1 else None


def _fold_batch_norms(graph: fx.GraphModule) -> None:
    for node in list(graph.graph.nodes):
        convolution = _module_of(graph, node)
        after = _only_user(node)
        norm = _module_of(graph, after)
        if after is None or not isinstance(convolution, nn.Conv2d):
            continue
        if not isinstance(norm, nn.BatchNorm2d):
            continue
        graph.set_submodule(str(node.target), fuse_conv_bn_eval(convolution, norm))
        activation = getattr(norm, "act", None)
        if activation is None or isinstance(activation, nn.Identity):
            after.replace_all_uses_with(node)
            graph.graph.erase_node(after)
        else:
            graph.set_submodule(str(after.target), activation)


def _input_shapes(graph: fx.GraphModule, example: Tensor) -> dict[str, list[int]]:
    """Run the network once to see what enters its convolutions."""
    shapes: dict[str, list[int]] = {}

    def note(name: str, entering: tuple[Any, ...]) -> None:
        shapes[name] = [len(example), *entering[0].shape[1:]]

    hooks = [
        module.register_forward_pre_hook(lambda _, entering, name=name: note(name, entering))
        for name, module in graph.named_modules()
        if isinstance(module, nn.Conv2d)
    ]
    graph.recompile()
    with torch.inference_mode():
        graph(example[:1])
    for hook in hooks:
        hook.remove()
    return shapes


def _pack_convolutions(graph: fx.GraphModule, shapes: dict[str, list[int]]) -> None:
    order = {node: position for position, node in enumerate(graph.graph.nodes)}
    for node in list(graph.graph.nodes):
        convolution = _module_of(graph, node)
        name = str(node.target)
        if convolution is None or not _is_packable(convolution):
            continue
        shortcut = _absorb_shortcut(graph, node, order)
        activation = "relu" if shortcut else _absorb_activation(graph, node)
        faster = _PackedConv2d(convolution, shapes[name], activation)
        if shortcut is not None:
            node.args = (*node.args, shortcut)
            faster.overwrites = _is_last_use(graph, shortcut, node, order)
        graph.set_submodule(name, faster)


def _is_packable(module: nn.Module) -> TypeGuard[nn.Conv2d]:
    if type(module) is not nn.Conv2d:
        return False
    return module.padding_mode == "zeros" and not isinstance(module.padding, str)


def _absorb_activation(graph: fx.GraphModule, node: fx.Node) -> str:
    """Take the activation that follows out of the graph; get its name in oneDNN, or "none"."""
    after = _only_user(node)
    if after is None:
        return "none"
    activation = ACTIVATIONS.get(type(_module_of(graph, after)), "none")
    if after.op == "call_function" and after.target in RELU_FUNCTIONS:
        activation = "relu"
    if activation != "none":
        after.replace_all_uses_with(node)
        graph.graph.erase_node(after)
    return activation


def _absorb_shortcut(
    graph: fx.GraphModule, node: fx.Node, order: dict[fx.Node, int]
) -> fx.Node | None:
    """Take a sum and the ReLU after it out of the graph; get what is added, None if there is none.

    Of two convolutions that are added, the later one absorbs the sum.
    """
    add = _only_user(node)
    if add is None or add.target not in ADD_FUNCTIONS:
        return None
    relu = _only_user(add)
    if relu is None or type(_module_of(graph, relu)) is not nn.ReLU:
        return None
    others = [other for other in add.args if other is not node]
    if len(others) != 1 or not isinstance(others[0], fx.Node) or order[others[0]] > order[node]:
        return None
    relu.replace_all_uses_with(node)
    graph.graph.erase_node(relu)
    graph.graph.erase_node(add)
    return others[0]


def _is_last_use(
    graph: fx.GraphModule, shortcut: fx.Node, node: fx.Node, order: dict[fx.Node, int]
) -> bool:
    """Tell whether nothing after `node` reads a tensor, also not through a view of it."""
    return all(
        isinstance(_module_of(graph, one), nn.Conv2d | _PackedConv2d) and order[one] <= order[node]
        for one in (shortcut, *shortcut.users)
    )


class _PackedConv2d(nn.Module):  # type: ignore[misc]
    """A convolution in the layout of oneDNN, with what follows it."""

    def __init__(self, convolution: nn.Conv2d, shape: list[int], activation: str) -> None:
        super().__init__()
        self.geometry = (
            list(convolution.padding),
            list(convolution.stride),
            list(convolution.dilation),
            convolution.groups,
        )
        self.activation = activation
        self.overwrites = False  # the shortcut: memory that is in the cache, and need not be got
        self.weight = torch._C._nn.mkldnn_reorder_conv2d_weight(
            convolution.weight.detach().to_mkldnn(), *self.geometry, shape
        )
        self.bias = None if convolution.bias is None else convolution.bias.detach()

    def forward(self, x: Tensor, shortcut: Tensor | None = None) -> Tensor:
        """Compute ``activation(convolution(x) + shortcut)``."""
        run = torch.ops.mkldnn._convolution_pointwise
        if shortcut is None:
            return run(x, self.weight, self.bias, *self.geometry, self.activation, [], "")
        how: tuple[Any, ...] = (
            self.weight,
            self.bias,
            *self.geometry,
            "add",
            1.0,
            "relu",
            [],
            None,
        )
        if self.overwrites:
            return torch.ops.mkldnn._convolution_pointwise_(shortcut, x, *how)
        return run(x, shortcut, *how)


def _check_alike(network: nn.Module, faster: nn.Module, example: Tensor) -> None:
    with torch.inference_mode():
        expected = network(example.float())
        gap = (faster(example).float() - expected).abs().max()
    if not gap <= TOLERANCES[example.dtype] * expected.abs().max():
        raise ArithmeticError(f"packed, its features differ by up to {float(gap):.3g}")
