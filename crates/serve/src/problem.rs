//! Errors of the admin API in the form of RFC 9457.

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use doorward_model::command::Refusal;
use doorward_model::token::masked;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::BodyFault;
use crate::door::Shut;
use crate::handle::WorkError;
use crate::past::PastError;

/// An error, as the caller sees it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// What kind of error, as a name that stays.
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    /// What is wrong where, when there is more than one thing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<String>,
    #[serde(skip)]
    challenge: Option<&'static str>,
}

impl Problem {
    /// A problem of a status, in a sentence.
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        // Whoever puts a token where it does not belong is not shown it again.
        let detail = masked(&detail.into()).into_owned();
        Self {
            kind: "about:blank",
            title,
            status: status.as_u16(),
            detail,
            errors: Vec::new(),
            challenge: None,
        }
    }

    /// The same, with all that is wrong.
    pub(crate) fn errors(self, errors: Vec<String>) -> Self {
        Self { errors: errors.into_iter().map(|error| masked(&error).into_owned()).collect(), ..self }
    }

    pub(crate) fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub(crate) fn not_found(what: &str, id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("no {what} by the id {id:?} is known"))
    }
}

impl From<Shut> for Problem {
    fn from(shut: Shut) -> Self {
        Self { challenge: Some(shut.challenge()), ..Self::new(shut.status(), shut.message()) }
    }
}

impl From<BodyFault> for Problem {
    fn from(fault: BodyFault) -> Self {
        let status = match fault {
            BodyFault::Large(_) => StatusCode::PAYLOAD_TOO_LARGE,
            BodyFault::Slow => StatusCode::REQUEST_TIMEOUT,
            BodyFault::Broken => StatusCode::BAD_REQUEST,
        };
        Self::new(status, fault.to_string())
    }
}

impl From<WorkError> for Problem {
    /// What the caller sees is not what the log sees.
    fn from(error: WorkError) -> Self {
        let status = match &error {
            WorkError::Refused(Refusal::NotFound { .. }) => StatusCode::NOT_FOUND,
            WorkError::Refused(Refusal::AlreadyOver { .. }) => StatusCode::UNPROCESSABLE_ENTITY,
            WorkError::Refused(
                Refusal::OlderExport { .. } | Refusal::Exists { .. } | Refusal::TooMany { .. },
            ) => StatusCode::CONFLICT,
            WorkError::Changed => StatusCode::PRECONDITION_FAILED,
            WorkError::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            WorkError::Busy | WorkError::Stopped | WorkError::Importing => StatusCode::SERVICE_UNAVAILABLE,
            WorkError::Late => StatusCode::GATEWAY_TIMEOUT,
            WorkError::Full | WorkError::Pending(_) => StatusCode::INSUFFICIENT_STORAGE,
            WorkError::Journal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if let WorkError::Journal(cause) = &error {
            tracing::error!(cause, "the journal failed");
            return Self::new(status, "what was asked could not be recorded, and was not done");
        }
        Self::new(status, error.to_string())
    }
}

impl From<PastError> for Problem {
    fn from(error: PastError) -> Self {
        let status = match &error {
            PastError::Before { .. } | PastError::TooFar { .. } | PastError::Derive(_) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            PastError::Ahead(_) => StatusCode::BAD_REQUEST,
            PastError::Busy => StatusCode::SERVICE_UNAVAILABLE,
            PastError::Journal(cause) => {
                tracing::error!(cause, "the past could not be read");
                return Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the log could not be read");
            }
        };
        Self::new(status, error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let bytes = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = Response::new(Bytes::from(bytes).into());
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(challenge) = self.challenge {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE.as_u16() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
