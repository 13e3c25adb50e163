"""A device that there is not: its tensors lie on the CPU, and refuse all that a GPU would refuse.

torch lets a backend be written in Python under its dispatch key for private use. Every operation on a pretended tensor
is done on the plain tensor inside it, so results are those of the CPU to the last bit; what a GPU would not do raises
``Mixed``: tensors of both places in one operation (numbers of no dimension on the CPU excepted), a CPU tensor looked up
or written by a pretended index, a generator of the CPU for a pretended tensor. torch itself refuses ``numpy()``.

Once registered, backward passes of this process use a thread for the device, and forked children can do none: tests
that use it run in a process of their own.
"""

from contextlib import contextmanager

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_iter, tree_map
from torch.utils.backend_registration import _DummyBackendModule, _setup_privateuseone_for_python_backend

NAME = "pretend"


class Mixed(RuntimeError):
    """Something that a GPU would refuse."""


class Module(_DummyBackendModule):
    """What torch asks of the module of a device."""

    def get_amp_supported_dtype(self):
        return [torch.bfloat16, torch.float16]

    def get_rng_state(self, device=NAME):
        return torch.get_rng_state()

    def set_rng_state(self, state, device=NAME):
        torch.set_rng_state(state)


class Pretended(Tensor):
    """A tensor that says it is on the device; ``inner`` is on the CPU."""

    @staticmethod
    def __new__(cls, inner: Tensor):
        made = Tensor._make_wrapper_subclass(
            cls,
            inner.shape,
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            device=torch.device(NAME, 0),
        )
        made.inner = inner
        return made

    __torch_function__ = torch._C._disabled_torch_function_impl

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return computed(func, args, kwargs or {})

    def __repr__(self) -> str:
        return f"Pretended({self.inner!r})"

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec)

    @property
    def data(self) -> Tensor:
        return Tensor.data.__get__(self)

    @data.setter
    def data(self, value: Tensor) -> None:
        Tensor.data.__set__(self, value)
        self.inner = value.inner


aten = torch.ops.aten
MOVES = {aten._to_copy.default, aten.copy_.default}
LOOKS_UP = {
    "aten::index", "aten::index_put_", "aten::index_put", "aten::_index_put_impl_", "aten::_unsafe_index",
    "aten::_unsafe_index_put",
}  # fmt: skip


def computed(func, args, kwargs):
    """The operation on what is inside, refused if a GPU would refuse it."""
    _refuse(func, args, kwargs)
    target = kwargs.get("device")
    target = None if target is None else torch.device(target)
    plain = dict(kwargs)
    if target is not None and target.type == NAME:
        plain["device"] = torch.device("cpu")
    result = func(*tree_map(inside, args), **tree_map(inside, plain))
    if target is not None and target.type != NAME and func is aten._to_copy.default:
        return result
    return _wrapped(func, args, kwargs, result)


def inside(value):
    """The plain tensor of a pretended one; anything else as it is."""
    return value.inner if isinstance(value, Pretended) else value


def _wrapped(func, args, kwargs, result):
    """Results as pretended tensors; what was written in place is what was given."""
    given = {id(inside(t)): t for t in tree_iter((args, kwargs)) if isinstance(t, Pretended)}

    def wrap(value):
        if not isinstance(value, Tensor) or isinstance(value, Pretended):
            return value
        return given[id(value)] if id(value) in given else Pretended(value)

    return tree_map(wrap, result)


def _refuse(func, args, kwargs) -> None:
    name = func._schema.name
    tensors = [t for t in tree_flatten((args, kwargs))[0] if isinstance(t, Tensor)]
    ours, plain = [t for t in tensors if isinstance(t, Pretended)], [t for t in tensors if not isinstance(t, Pretended)]
    generator = kwargs.get("generator")
    if generator is not None and generator.device.type != NAME and ours:
        raise Mixed(f"{name}: a generator of the {generator.device.type} for a tensor of the device")
    if not ours or not plain or func in MOVES:
        return
    if name in LOOKS_UP:
        if not isinstance(args[0], Pretended):
            raise Mixed(f"{name}: a tensor of the CPU is looked up by indices of the device")
        plain = [t for t in tree_flatten(args[2:])[0] if isinstance(t, Tensor) and not isinstance(t, Pretended)]
    if any(t.dim() for t in plain):
        raise Mixed(f"{name}: tensors of the device and of the CPU, of shapes {[tuple(t.shape) for t in tensors]}")
    if name.endswith("_") and args and isinstance(args[0], Tensor) and not isinstance(args[0], Pretended):
        raise Mixed(f"{name}: a tensor of the CPU is changed by one of the device")


def register() -> None:
    """Make the device known to torch, once in a process and before the first backward pass."""
    _setup_privateuseone_for_python_backend(NAME, backend_module=Module())
    library = torch.library.Library("aten", "IMPL")
    library.impl("empty.memory_format", _empty, "PrivateUse1")
    library.impl("empty_strided", _empty_strided, "PrivateUse1")
    library.impl("_copy_from", _copy_from, "PrivateUse1")
    LIBRARIES.append(library)


LIBRARIES: list[torch.library.Library] = []


def _empty(size, *, dtype=None, layout=None, device=None, pin_memory=None, memory_format=None):
    dtype = dtype or torch.get_default_dtype()
    return Pretended(torch.empty(size, dtype=dtype, memory_format=memory_format or torch.contiguous_format))


def _empty_strided(size, stride, *, dtype=None, layout=None, device=None, pin_memory=None):
    return Pretended(torch.empty_strided(size, stride, dtype=dtype or torch.get_default_dtype()))


def _copy_from(self, dst, non_blocking=False):
    inside(dst).copy_(inside(self))
    return dst


def take_one_way(patch=setattr) -> None:
    """The CPU takes the ways of other devices, where it has quicker ones of its own that round otherwise."""
    from shiftpress.codecs import _scaling
    from shiftpress.core import attackable

    patch(_scaling, "NARROW", 0)
    patch(attackable, "_grey", lambda layer: False)


def chosen(real, place: str):
    """What to put in place of ``shiftpress.core.determinism.on_device``, given the real one."""

    @contextmanager
    def on_device(threads: int):
        from shiftpress.core.determinism import prepare
        from shiftpress.core.device import Work, working_on

        take_one_way()
        if place != NAME:
            with real(threads) as found:
                yield found
            return
        register()
        prepare(threads)
        with working_on(Work(NAME, NAME)):
            yield NAME

    return on_device
