//! A connection whose peer must read: writes that make no progress for [`STALL_MAX`] fail.
//!
//! A peer that never reads its answers would otherwise hold its place for ever: hyper waits for the answer to leave before
//! it looks for the next head, so no other time-out covers that.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Longest time without progress of a write that waits.
pub(super) const STALL_MAX: Duration = Duration::from_secs(20);

/// `IO` with a limit on how long a write may wait.
pub(super) struct Stalling<IO> {
    io: IO,
    /// Whether a write waits now, since when `until` runs.
    waits: bool,
    until: Pin<Box<Sleep>>,
    limit: Duration,
}

impl<IO> Stalling<IO> {
    pub(super) fn new(io: IO) -> Self {
        Self { io, waits: false, until: Box::pin(sleep(STALL_MAX)), limit: STALL_MAX }
    }

    /// What a write has come to: progress stops the clock, the first wait starts it.
    fn judge<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waits = false;
            return written;
        }
        if !self.waits {
            self.waits = true;
            self.until = Box::pin(sleep(self.limit));
        }
        ready!(self.until.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(ErrorKind::TimedOut, "the peer does not read")))
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Stalling<IO> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Stalling<IO> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.judge(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, parts);
        self.judge(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.io).poll_flush(cx);
        self.judge(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.io).poll_shutdown(cx);
        self.judge(cx, shut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test]
    async fn a_write_fails_when_the_peer_never_reads() {
        let (server, _peer) = duplex(64);
        let mut server = Stalling { limit: Duration::from_millis(20), ..Stalling::new(server) };
        let error = server.write_all(&[0; 1_000]).await.expect_err("64 bytes fit, 1000 do not");
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_peer_that_reads_gets_everything() {
        let (server, mut peer) = duplex(64);
        let mut server = Stalling::new(server);
        let mut got = vec![0; 100_000];
        let (written, read) = tokio::join!(server.write_all(&[7; 100_000]), peer.read_exact(&mut got));
        assert!(written.is_ok() && read.is_ok() && got.iter().all(|byte| *byte == 7));
        assert!(!server.waits, "progress stops the clock");
    }
}
