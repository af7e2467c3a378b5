//! The one UDP socket of all sessions.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::thread::JoinHandle;

use bytes::BytesMut;
use metrics::{Counter, counter};
use quinn_udp::{RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::Interest;
use tokio::sync::oneshot;

use super::demux::Demux;
use super::routes::Changes;
use super::wire::Wire;
use crate::engine::{Clock, Datagram, Shards, spawn_media};

/// Bytes of the socket's buffers, each way: 100 ms of 300 Mbit/s. The system may grant less.
const SOCKET_BUFFER_BYTES: usize = 4 << 20;
/// Messages that one receive call takes.
const MESSAGES: usize = 8;
/// Bytes of a message: several datagrams that the kernel has joined (GRO).
const MESSAGE_BYTES: usize = 65_535;
/// Receive calls in a row before the runtime gets a turn.
const CALLS_MAX: usize = 64;

/// A bound socket with its sending half; the receiving half runs in a thread once [`UdpPort::run`] is called.
pub(crate) struct UdpPort {
    socket: UdpSocket,
    state: Arc<UdpSocketState>,
    address: SocketAddr,
}

/// The receive thread; stops when dropped.
#[must_use = "dropping it stops receiving"]
pub struct Receiver {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl UdpPort {
    /// Binds the port: IPv6 with IPv4 in it (dual stack), or IPv4 alone where the system has no IPv6. `ip` binds to that
    /// address alone. Port 0 takes a free one.
    ///
    /// # Errors
    /// When the port is taken or the address is not ours.
    pub(crate) fn bind(ip: Option<IpAddr>, port: u16) -> io::Result<Self> {
        let socket = match ip {
            Some(ip) => bind(SocketAddr::new(ip, port))?,
            None => bind(SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), port))
                .or_else(|_| bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port)))?,
        };
        let state = Arc::new(UdpSocketState::new(UdpSockRef::from(&socket))?);
        let address = socket.local_addr()?;
        Ok(Self { socket, state, address })
    }

    /// Where it is bound.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The sending half, on a duplicate of the socket.
    ///
    /// # Errors
    /// When the process has no file descriptor left.
    pub(crate) fn outlet(&self) -> io::Result<Outlet> {
        let socket = self.socket.try_clone()?;
        Ok(Outlet {
            socket,
            state: Arc::clone(&self.state),
            is_ipv6: self.address.is_ipv6(),
            failed: counter!("costage_udp_send_failed_total"),
        })
    }

    /// Starts the receive thread.
    ///
    /// # Errors
    /// When the thread or its runtime cannot be made.
    pub(crate) fn run(
        self,
        clock: Arc<dyn Clock>,
        shards: Arc<dyn Shards>,
        changes: Arc<Changes>,
    ) -> io::Result<Receiver> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let (stop, stopped) = oneshot::channel();
        let body = move || {
            let demux = Demux::new(changes, shards);
            let inlet = Inlet { state: self.state, clock, demux, received: counter!("costage_udp_received_total") };
            runtime.block_on(inlet.run(self.socket, stopped));
        };
        let thread = spawn_media("udp".to_owned(), body)?;
        Ok(Receiver { stop: Some(stop), thread: Some(thread) })
    }
}

impl Receiver {
    /// Whether the thread has ended without having been told to: it has panicked, or the socket is gone.
    #[must_use]
    pub fn has_fallen(&self) -> bool {
        self.thread.as_ref().is_some_and(JoinHandle::is_finished)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // The thread may have ended already; then there is nobody to tell.
        let _ = self.stop.take().map(|stop| stop.send(()));
        if let Some(thread) = self.thread.take() {
            // It has said itself why, should it have panicked.
            let _ = thread.join();
        }
    }
}

fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    // Less than asked for still works.
    let _ = socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES);
    let _ = socket.set_send_buffer_size(SOCKET_BUFFER_BYTES);
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// The sending half.
pub(crate) struct Outlet {
    socket: UdpSocket,
    state: Arc<UdpSocketState>,
    is_ipv6: bool,
    failed: Counter,
}

impl Wire for Outlet {
    fn send(&self, to: SocketAddr, from: Option<IpAddr>, contents: &[u8], segment_bytes: Option<usize>) {
        let destination = match (to, self.is_ipv6) {
            (SocketAddr::V4(to), true) => SocketAddr::new(to.ip().to_ipv6_mapped().into(), to.port()),
            (SocketAddr::V4(_) | SocketAddr::V6(_), _) => to,
        };
        let transmit = Transmit { destination, ecn: None, contents, segment_size: segment_bytes, src_ip: from };
        if self.state.try_send(UdpSockRef::from(&self.socket), &transmit).is_err() {
            self.failed.increment(1);
        }
    }

    fn segments_max(&self) -> usize {
        self.state.max_gso_segments()
    }
}

/// The receiving half.
struct Inlet {
    state: Arc<UdpSocketState>,
    clock: Arc<dyn Clock>,
    demux: Demux,
    received: Counter,
}

impl Inlet {
    async fn run(mut self, socket: UdpSocket, mut stopped: oneshot::Receiver<()>) {
        let socket = match tokio::net::UdpSocket::from_std(socket) {
            Ok(socket) => socket,
            Err(error) => return tracing::error!(%error, "the UDP port cannot be polled"),
        };
        let mut buffers = vec![vec![0; MESSAGE_BYTES]; MESSAGES];
        loop {
            tokio::select! {
                _ = &mut stopped => return,
                ready = socket.readable() => if let Err(error) = ready {
                    return tracing::error!(%error, "the UDP port is gone");
                },
                () = self.demux.changed() => self.demux.take_up(self.clock.now()),
            }
            for _ in 0..CALLS_MAX {
                if !self.receive(&socket, &mut buffers) {
                    break;
                }
            }
        }
    }

    /// One receive call; `false` when nothing more waits.
    fn receive(&mut self, socket: &tokio::net::UdpSocket, buffers: &mut [Vec<u8>]) -> bool {
        let mut metas = [RecvMeta::default(); MESSAGES];
        let received = {
            let mut slices: Vec<IoSliceMut<'_>> = buffers.iter_mut().map(|buffer| IoSliceMut::new(buffer)).collect();
            socket.try_io(Interest::READABLE, || self.state.recv(UdpSockRef::from(socket), &mut slices, &mut metas))
        };
        let count = match received {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
            // An ICMP error of some destination; the next call may succeed.
            Err(_) => return true,
        };
        let received_at = self.clock.now();
        self.demux.take_up(received_at);
        for (buffer, meta) in buffers.iter().zip(&metas).take(count) {
            let from = SocketAddr::new(meta.addr.ip().to_canonical(), meta.addr.port());
            let local = meta.dst_ip.map(|ip| ip.to_canonical());
            for data in buffer[..meta.len.min(buffer.len())].chunks(meta.stride.max(1)) {
                self.received.increment(1);
                self.demux.take(Datagram { from, local, data: BytesMut::from(data), received_at });
            }
        }
        true
    }
}
