//! Any head, chosen anew for every row or block of rows.

use std::ops::Range;

use super::narrow::Wanted;
use super::pointwise::Logistic;
use super::softmax::{Shares, Softmax};
use super::{Head, Rule};
use crate::loss::Target;
use crate::loss::binary::{Binary, LogisticLoss};
use crate::loss::categorical::{Categorical, Focal, KullbackLeibler, Smoothed};
use crate::simd::Vector;

/// A head.
pub(super) struct Any<'a>(pub &'a Head);

/// What a method of the head's rule gives.
macro_rules! chosen {
    ($head:expr, $outputs:ident, $loss:ident => $separate:expr, $rule:ident => $call:expr) => {
        match *$head {
            Head::Softmax { loss, from_logits } => {
                let classes = $outputs.len();
                match loss {
                    Categorical::CrossEntropy => {
                        let $rule = Softmax { from_logits };
                        $call
                    }
                    Categorical::Smoothed(some) => {
                        let $rule = Shares { loss: Smoothed::new(some, classes), from_logits };
                        $call
                    }
                    Categorical::KullbackLeibler => {
                        let $rule = Shares { loss: KullbackLeibler, from_logits };
                        $call
                    }
                    Categorical::Focal(given) => {
                        let $rule = Shares { loss: Focal::new(&given, classes), from_logits };
                        $call
                    }
                }
            }
            Head::Logistic { loss, from_logits } => match loss {
                Binary::CrossEntropy => {
                    let $rule = Logistic { loss: LogisticLoss, from_logits };
                    $call
                }
                Binary::Smoothed(loss) => {
                    let $rule = Logistic { loss, from_logits };
                    $call
                }
                Binary::Focal(loss) => {
                    let $rule = Logistic { loss, from_logits };
                    $call
                }
            },
            Head::Separate(ref $loss) => $separate,
        }
    };
}

impl Rule for Any<'_> {
    #[inline(always)]
    fn changes_outputs(&self) -> bool {
        match *self.0 {
            Head::Softmax { from_logits, .. } | Head::Logistic { from_logits, .. } => !from_logits,
            Head::Separate(_) => false,
        }
    }

    #[inline(always)]
    fn measured(&self, outputs: usize) -> Range<usize> {
        match self.0 {
            Head::Separate(loss) => loss.measured(outputs),
            _ => 0..outputs,
        }
    }

    #[inline(always)]
    fn block<V: Vector>(
        &self,
        outputs: &mut [V],
        deltas: &mut [V],
        wanted: &Wanted<V>,
        scale: V::Element,
    ) -> V {
        chosen!(
            self.0,
            outputs,
            loss => loss.block(outputs, deltas, wanted, scale),
            rule => rule.block(outputs, deltas, wanted, scale)
        )
    }

    #[inline(always)]
    fn row<V: Vector>(
        &self,
        outputs: &mut [V::Element],
        deltas: &mut [V::Element],
        target: Target<'_, V::Element>,
        scale: V::Element,
    ) -> V::Element {
        chosen!(
            self.0,
            outputs,
            loss => loss.row::<V>(outputs, deltas, target, scale),
            rule => rule.row::<V>(outputs, deltas, target, scale)
        )
    }
}
