//! nnfast: feedforward neural networks on the CPU, with the same bits everywhere.
//!
//! The map of the crate; each module's own words say what it promises. Arrows point down:
//!
//! | module | what it is |
//! |---|---|
//! | `python` | arrays in, arrays out, errors; behind the feature `python` |
//! | [`model`] | a network with its parameters: what it is asked for |
//! | [`full_batch`] | a network on all its rows at once, for methods that look at all of them |
//! | [`train`], `update` | the loop over batches; the two phases of a step |
//! | [`network`], `workspace`, [`layer`] | layers in their places, a batch's way through them, its buffers |
//! | [`activation`], [`softmax`], [`loss`], [`head`], [`metric`], [`optimizer`], [`schedule`], [`regularizer`], [`constraint`], [`initializer`] | the mathematics of learning |
//! | [`second_order`] | L-BFGS, Levenberg-Marquardt |
//! | [`perceptron`] | the classic algorithm |
//! | [`unsupervised`] | learning without a teacher |
//! | `parallel`, `buffer`, [`source`], [`random`] | threads, memory, rows of data, random numbers |
//! | `gemm`, `math`, `reduce` | matrix products, functions, sums |
//! | `simd` | vectors, whatever the instruction set |

// What is private deals in vectors or in shared memory, whose safe use is a matter of this crate.
pub mod activation;
mod buffer;
pub mod constraint;
pub mod error;
pub mod full_batch;
mod gemm;
pub mod head;
pub mod initializer;
pub mod layer;
pub mod loss;
mod math;
pub mod metric;
pub mod model;
pub mod network;
pub mod optimizer;
mod parallel;
pub mod perceptron;
#[cfg(feature = "python")]
mod python;
pub mod random;
mod reduce;
pub mod regularizer;
pub mod schedule;
pub mod second_order;
mod simd;
mod small;
pub mod softmax;
pub mod source;
pub mod train;
pub mod unsupervised;
mod update;
mod workspace;
