//! Learning without a teacher, or with half of one: each method by itself, above the products and the threads.

pub mod association;
pub mod boltzmann;
pub mod hebbian;
