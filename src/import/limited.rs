//! A reader that stops when a file unpacks to more than is believable: a few kilobytes can become gigabytes.

use std::cell::Cell;
use std::io::Read;
use std::rc::Rc;

/// What was read so far; shared between a [`Limited`] reader and whoever uses it.
#[derive(Debug, Default)]
pub(super) struct Meter {
    read: Cell<u64>,
    part: Cell<u64>,
}

impl Meter {
    /// Bytes read in all.
    pub(super) fn read(&self) -> u64 {
        self.read.get()
    }

    /// Bytes read since the last part was done.
    pub(super) fn part(&self) -> u64 {
        self.part.get()
    }

    /// A row or a feature is read to its end; the next one may be as long again.
    pub(super) fn part_done(&self) {
        self.part.set(0);
    }
}

/// Reads at most `whole` bytes, and at most `part` bytes (and what is buffered) between two parts: what is held in memory is one part.
pub(super) struct Limited<R> {
    inner: R,
    whole: u64,
    part: u64,
    meter: Rc<Meter>,
}

impl<R> Limited<R> {
    pub(super) fn new(inner: R, whole: u64, part: u64) -> Self {
        Self { inner, whole, part, meter: Rc::default() }
    }

    pub(super) fn meter(&self) -> Rc<Meter> {
        self.meter.clone()
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.meter.read.set(self.meter.read() + n as u64);
        self.meter.part.set(self.meter.part() + n as u64);
        if self.meter.read() > self.whole {
            return Err(std::io::Error::other(format!("more than {} MiB of text", self.whole >> 20)));
        }
        if self.meter.part() > self.part {
            return Err(std::io::Error::other(format!("a row or a feature of more than {} MiB", self.part >> 20)));
        }
        Ok(n)
    }
}
