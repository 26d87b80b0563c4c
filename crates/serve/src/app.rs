//! What every route shares.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use axum::body::Body;
use bytes::Bytes;
use doorward_model::time::Time;
use http::HeaderMap;
use http_body_util::{BodyExt, Limited};
use tokio::sync::Semaphore;

use crate::handle::{Handle, Waits};
use crate::settings::Settings;

/// What every route shares. Cloning it is cheap.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) handle: Handle,
    pub(crate) settings: Arc<Settings>,
    /// Room for questions about privilege.
    pub(crate) privilege: Arc<Semaphore>,
}

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

impl App {
    pub(crate) fn new(handle: Handle, settings: Settings) -> Self {
        let privilege = Arc::new(Semaphore::new(settings.limits.privilege_at_once));
        Self { handle, settings: Arc::new(settings), privilege }
    }

    pub(crate) fn waits(&self) -> Waits {
        let limits = &self.settings.limits;
        Waits { queue: limits.queue_wait, answer: limits.answer_wait }
    }

    /// The body of a request, whole, within a size and a time.
    pub(crate) async fn body(&self, body: Body, bytes_max: usize) -> Result<Bytes, BodyFault> {
        let collected = Limited::new(body, bytes_max).collect();
        match tokio::time::timeout(self.settings.limits.body_wait, collected).await {
            Err(_) => {
                self.handle.metrics.limit("body_wait");
                Err(BodyFault::Slow)
            }
            Ok(Ok(collected)) => Ok(collected.to_bytes()),
            Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
                self.handle.metrics.limit("body_bytes");
                Err(BodyFault::Large(bytes_max))
            }
            Ok(Err(_)) => Err(BodyFault::Broken),
        }
    }
}

/// Why a body could not be had.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum BodyFault {
    #[error("the body is larger than {0} bytes")]
    Large(usize),
    #[error("the body did not arrive in time")]
    Slow,
    #[error("the body did not arrive whole")]
    Broken,
}

/// The clock: read once per request.
pub(crate) fn now() -> Time {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Time::from_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A header that is readable text.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether the body is said to be JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let said = header(headers, "content-type").unwrap_or_default();
    let kind = said.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}
