//! Memory that vectors like: it begins where a line of the cache does.

use std::ops::{Deref, DerefMut};

use crate::error::{Result, allocate};

/// Bytes of a cache line, and of the widest vector.
pub const LINE: usize = 64;

/// A fixed number of values, the first of them at the start of a cache line.
#[derive(Debug)]
pub struct Buffer<T> {
    values: Vec<T>,
    start: usize,
    length: usize,
}

impl<T: Copy + Default> Buffer<T> {
    /// As many zeros.
    ///
    /// # Errors
    /// There is no memory for them.
    pub fn zeros(length: usize) -> Result<Self> {
        let values: Vec<T> = allocate(length.saturating_add(LINE / size_of::<T>()))?;
        let start = values.as_ptr().align_offset(LINE).min(values.len() - length);
        Ok(Self { values, start, length })
    }
}

impl<T> Deref for Buffer<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.values[self.start..self.start + self.length]
    }
}

impl<T> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.values[self.start..self.start + self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_begins_a_line() {
        for length in [0, 1, 15, 1000] {
            let mut buffer = Buffer::<f32>::zeros(length).unwrap();
            assert_eq!((buffer.len(), buffer.as_ptr().addr() % LINE), (length, 0));
            buffer.fill(1.0);
            assert!(buffer.iter().all(|&value| value == 1.0));
        }
    }
}
