//! What this decision point is and can do, for who wants to ask it.

use serde::Serialize;

/// The document of `/.well-known/authzen-configuration`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Discovery {
    policy_decision_point: String,
    access_evaluation_endpoint: String,
    access_evaluations_endpoint: String,
    obligation_types_supported: [&'static str; 4],
    /// Says so where the address is one of this machine only.
    #[serde(skip_serializing_if = "Option::is_none")]
    doorward_notice: Option<&'static str>,
}

impl Discovery {
    /// The document of a server that the world knows by a URL.
    pub(crate) fn public(url: &str) -> Self {
        Self::at(url.trim_end_matches('/'), None)
    }

    /// The document of a server without one, asked on loopback under this host and port.
    pub(crate) fn loopback(authority: &str) -> Self {
        let notice = "reachable on loopback only, without TLS: set public_url before anything else asks";
        Self::at(&format!("http://{authority}"), Some(notice))
    }

    fn at(base: &str, doorward_notice: Option<&'static str>) -> Self {
        Self {
            policy_decision_point: base.to_owned(),
            access_evaluation_endpoint: format!("{base}{EVALUATION}"),
            access_evaluations_endpoint: format!("{base}{EVALUATIONS}"),
            obligation_types_supported: ["step-up", "notification", "session_termination", "custom"],
            doorward_notice,
        }
    }
}

/// The path by which the URL of a server goes on after its host, without the slashes around it.
pub(crate) fn path_of(url: &str) -> &str {
    let after = url.split_once("://").map_or(url, |(_, rest)| rest);
    after.split_once('/').map_or("", |(_, path)| path).trim_end_matches('/')
}

pub(crate) const EVALUATION: &str = "/access/v1/evaluation";
pub(crate) const EVALUATIONS: &str = "/access/v1/evaluations";
pub(crate) const CONFIGURATION: &str = "/.well-known/authzen-configuration";
