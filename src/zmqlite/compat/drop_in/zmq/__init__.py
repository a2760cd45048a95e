"""zmqlite, under pyzmq's name: `python -m zmqlite.compat --path` prints the folder that this package is in."""

try:
    import zmqlite as _zmqlite
except ImportError as _error:
    _message = (
        "PYTHONPATH puts zmqlite in the place of pyzmq, and this Python cannot import zmqlite: install it here, or "
        f"take the folder of {__file__} off PYTHONPATH ({_error})"
    )
    raise ImportError(_message, name="zmqlite") from _error

from zmqlite import *  # noqa: F403
from zmqlite import __all__ as __all__
from zmqlite import __revision__ as __revision__
from zmqlite import get_library_dirs as get_library_dirs
from zmqlite._backend import heed as _heed
from zmqlite.constants import *  # noqa: F403
from zmqlite.errors import *  # noqa: F403
from zmqlite.open_servers import keep_quiet as _keep_quiet

from . import backend as backend
from . import constants as constants
from . import sugar as sugar
from . import utils as utils
from .sugar.version import __version__ as __version__

# COPY_THRESHOLD may be set here.
_heed(globals())
# Packages whose tests turn warnings into errors do not know zmqlite's.
_keep_quiet()

TYPE_CHECKING = False
if not TYPE_CHECKING:

    def __getattr__(name):
        """Names of zmqlite that are not public, so not copied above."""
        if name.startswith("__"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(_zmqlite, name)
