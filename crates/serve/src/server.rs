//! Connections in, served until told to stop.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::app::{App, Peer};
use crate::handle::Handle;
use crate::openapi::Common;
use crate::settings::{Limits, Settings};
use crate::{admin, authzen, ingest, layers, pages};

/// Why nothing can be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The settings do not fit the address.
    #[error("cannot listen on {0}, which is not loopback, with {1}")]
    Unfit(SocketAddr, &'static str),
    /// `public_url` is not one by which a decision point may be known.
    #[error("cannot use {0:?} as public_url, expected https://HOST[:PORT][/PATH]")]
    PublicUrl(String),
    /// The address cannot be asked for.
    #[error("cannot read the address that is listened on")]
    Address(#[source] io::Error),
}

/// Serves connections until `stop` is done, and then lets open requests finish.
///
/// # Errors
/// [`ServeError`] before anything is served.
pub async fn serve(
    listener: TcpListener,
    handle: Handle,
    settings: Settings,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let address = listener.local_addr().map_err(ServeError::Address)?;
    check(address, &settings)?;
    let limits = settings.limits;
    let router = router(handle, settings);
    let connections = Connections::new(limits);
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = connections.next(&listener) => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, peer, permit)) => {
                connections.spawn(stream, Service { router: router.clone(), peer }, permit);
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    connections.finish(limits).await;
    Ok(())
}

/// What is served, for a server of another kind.
pub fn router(handle: Handle, settings: Settings) -> Router {
    let app = App::new(handle, settings);
    let routes = Router::from(routes().with_state(app.clone()));
    layers::around(routes, app)
}

/// What is served, with its description.
pub(crate) fn routes() -> OpenApiRouter<App> {
    let common = OpenApiRouter::with_openapi(Common::openapi());
    common
        .merge(authzen::routes::routes())
        .merge(ingest::routes())
        .merge(admin::routes())
        .merge(pages::routes())
}

/// Whether an address may be served with these settings: outside of loopback nobody is let in without a token, and
/// discovery names the URL that is given.
///
/// # Errors
/// [`ServeError`] says what does not fit.
pub fn check(address: SocketAddr, settings: &Settings) -> Result<(), ServeError> {
    if let Some(url) = &settings.public_url {
        let uri: Option<http::Uri> = url.parse().ok();
        let fits = |uri: &http::Uri| {
            uri.scheme_str() == Some("https")
                && uri.query().is_none()
                && !url.contains('#')
                && uri.host().is_some()
        };
        if !uri.as_ref().is_some_and(fits) {
            return Err(ServeError::PublicUrl(url.clone()));
        }
    }
    if !address.ip().is_loopback() {
        if settings.open_on_loopback {
            return Err(ServeError::Unfit(address, "AuthZEN open without a token"));
        }
        if settings.public_url.is_none() {
            return Err(ServeError::Unfit(address, "no public_url"));
        }
    }
    Ok(())
}

/// The routes, for one connection.
#[derive(Clone)]
struct Service {
    router: Router,
    peer: SocketAddr,
}

impl Service {
    async fn call(self, request: Request<Incoming>) -> Result<http::Response<Body>, Infallible> {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(self.peer));
        self.router.oneshot(request).await
    }
}

/// The open connections.
struct Connections {
    builder: Builder<TokioExecutor>,
    graceful: GracefulShutdown,
    room: Arc<Semaphore>,
}

impl Connections {
    fn new(limits: Limits) -> Self {
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_wait)
            .max_buf_size(HEAD_BYTES_MAX);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_header_list_size(HEAD_BYTES_MAX_U32)
            .max_concurrent_streams(STREAMS_MAX)
            .keep_alive_interval(limits.head_wait)
            .keep_alive_timeout(limits.head_wait);
        Self {
            builder,
            graceful: GracefulShutdown::new(),
            room: Arc::new(Semaphore::new(limits.connections_max)),
        }
    }

    /// The next connection, once there is room for it.
    async fn next(
        &self,
        listener: &TcpListener,
    ) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
        let permit = Arc::clone(&self.room).acquire_owned().await.map_err(io::Error::other)?;
        let (stream, peer) = listener.accept().await?;
        // An answer is one small packet: it must not wait for the acknowledgement of another.
        stream.set_nodelay(true)?;
        Ok((stream, peer, permit))
    }

    fn spawn(&self, stream: TcpStream, service: Service, permit: OwnedSemaphorePermit) {
        let serve = service_fn(move |request| service.clone().call(request));
        let connection = self.builder.serve_connection(TokioIo::new(stream), serve).into_owned();
        let watched = self.graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = watched.await {
                tracing::debug!(error = %error, "a connection ended early");
            }
            drop(permit);
        });
    }

    async fn finish(self, limits: Limits) {
        if tokio::time::timeout(limits.stop_wait, self.graceful.shutdown()).await.is_err() {
            tracing::warn!("stopped before all requests were answered");
        }
    }
}

const HEAD_BYTES_MAX: usize = 64 * 1024;
const HEAD_BYTES_MAX_U32: u32 = 64 * 1024;
const STREAMS_MAX: u32 = 256;
const ACCEPT_PAUSE: std::time::Duration = std::time::Duration::from_millis(50);
