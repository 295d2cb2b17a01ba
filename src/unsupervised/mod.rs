//! Learning without a teacher, or with half of one: each method by itself, above the products and the threads.
//! Of the codebooks, units that stand for the rows around them:
//!
//! | module | what learns |
//! |---|---|
//! | [`codebook`] | nothing: which unit is nearest, and what each has won |
//! | [`grid`] | nothing: where the units of a map lie, and how far a winner's influence reaches |
//! | [`som`], [`som_batch`] | self-organizing maps, row by row and from all rows at once |
//! | [`competitive`] | the winner alone |
//! | [`lvq`] | prototypes of classes |
//! | `block` | a block of rows at once, for all that learn row by row |

pub mod association;
mod block;
pub mod boltzmann;
pub mod codebook;
pub mod competitive;
pub mod grid;
pub mod hebbian;
pub mod least_squares;
pub mod lvq;
pub mod som;
pub mod som_batch;
