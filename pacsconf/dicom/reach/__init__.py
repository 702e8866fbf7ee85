"""Whether one application entity would reach another, by what is declared: the reachability solver. Pure."""

from pacsconf.dicom.reach.answer import Reach, Reason
from pacsconf.dicom.reach.solver import Solver, reach

__all__ = ["Reach", "Reason", "Solver", "reach"]
