"""What scikit-learn does after every epoch: its curves, its learning rates, when it stops."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sklearn.exceptions import ConvergenceWarning

from nnfast.callbacks import Callback, Logs

if TYPE_CHECKING:
    from nnfast.sklearn._lessons import Epochs

SMALLEST_RATE = 1e-6


class Rules(Callback):
    """Keeps an estimator's fitted attributes, epoch by epoch, and says when it has learned enough.

    Parameters
    ----------
    estimator : MultilayerPerceptron
    epochs : Epochs
    columns : int
        As of `Goal`.
    score : callable, optional
        Returns the validation score.
    incremental : bool
        Whether one epoch is all.
    """

    def __init__(
        self,
        estimator: Any,
        epochs: Epochs,
        columns: int,
        score: Callable[[], float] | None,
        incremental: bool,
    ) -> None:
        self._of, self._epochs, self._columns = estimator, epochs, columns
        self._score, self.incremental = score, incremental

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Follow scikit-learn's loop from the end of an epoch on."""
        of, logs = self._of, logs or {}
        loss = logs["loss"] + self._epochs.offset
        if self._columns > 1:
            # Steps follow the sum over the columns, and half their mean is reported.
            loss -= 0.5 * (self._columns - 1) * logs["mean_squared_error"]
        of.n_iter_ += 1
        of.loss_ = loss
        of.t_ += self._epochs.length
        of.loss_curve_.append(loss)
        if of.verbose:
            print(f"Iteration {of.n_iter_}, loss = {loss:.8f}")
        self._count()
        if of.solver == "sgd" and of.learning_rate == "invscaling":
            self.model.learning_rate = of._optimizer.initial_rate / (of.t_ + 1) ** of.power_t
        if of._no_improvement_count > of.n_iter_no_change:
            if self._is_over():
                self.model.stop_training = True
                return
            of._no_improvement_count = 0
        if of.n_iter_ == of.max_iter and not self.incremental:
            warnings.warn(
                f"Stochastic Optimizer: Maximum iterations ({of.max_iter}) reached and the "
                "optimization hasn't converged yet.",
                ConvergenceWarning,
                stacklevel=2,
            )

    def _count(self) -> None:
        """Count epochs that have brought too little."""
        of = self._of
        if self._score is not None:
            score = self._score()
            of.validation_scores_.append(score)
            if of.verbose:
                print(f"Validation score: {score:f}")
        if of.early_stopping:
            worse = score < of.best_validation_score_ + of.tol
            if score > of.best_validation_score_:
                of.best_validation_score_ = score
                of._best = self.model._network.parameters()
        else:
            worse = of.loss_ > of.best_loss_ - of.tol
            of.best_loss_ = min(of.loss_, of.best_loss_)
        of._no_improvement_count = of._no_improvement_count + 1 if worse else 0

    def _is_over(self) -> bool:
        """Stop, or go on with a smaller learning rate."""
        of = self._of
        what = "Validation score" if of.early_stopping else "Training loss"
        said = f"{what} did not improve more than tol={of.tol:f} for {of.n_iter_no_change} "
        said += "consecutive epochs."
        if of.solver == "sgd" and of.learning_rate == "adaptive":
            if self.model.learning_rate > SMALLEST_RATE:
                self.model.learning_rate /= 5.0
                if of.verbose:
                    print(f"{said} Setting learning rate to {self.model.learning_rate:f}")
                return False
            said += " Learning rate too small."
        if of.verbose:
            print(f"{said} Stopping.")
        return True
