//! Where a request came from and with what, in the terms in which habits are kept.

use std::net::IpAddr;

use doorward_model::event::Client;

use crate::user_agent::Shown;

/// So much of an address is kept.
const ADDRESS_BYTES_MAX: usize = 256;

/// So much of the name of a network is kept that is no network.
const NAME_BYTES_MAX: usize = 48;

/// Reads address and VPC endpoint id, and puts what the user agent shows beside them.
pub(crate) fn client(address: &str, user_agent: &Shown, vpc_endpoint: &str) -> Client {
    Client {
        address: cut(address, ADDRESS_BYTES_MAX).to_owned(),
        network: network(address, vpc_endpoint),
        family: user_agent.family.clone(),
        credential_source: user_agent.credential_source.clone(),
    }
}

/// As much of a text as fits, cut between characters.
pub(crate) fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = bytes_max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

/// The network that habits are kept of: one VPC endpoint, /24 of IPv4, /48 of IPv6, one service.
fn network(address: &str, vpc_endpoint: &str) -> String {
    if vpc_endpoint.starts_with("vpce-") {
        return format!("vpce:{}", cut(vpc_endpoint, NAME_BYTES_MAX));
    }
    match address.parse() {
        // An address that parses is written in one way only, so that its text can be taken.
        Ok(IpAddr::V4(_)) => {
            let network = address.rsplit_once('.').map_or(address, |(network, _)| network);
            [network, ".0/24"].concat()
        }
        Ok(IpAddr::V6(v6)) => match v6.to_ipv4_mapped() {
            Some(v4) => network(&v4.to_string(), ""),
            None => {
                let [a, b, c, ..] = v6.segments();
                format!("{}/48", std::net::Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
            }
        },
        Err(_) => named_network(address),
    }
}

fn named_network(address: &str) -> String {
    let lower = address.to_ascii_lowercase();
    if lower.is_empty() {
        String::new()
    } else if matches!(lower.as_str(), "aws internal" | "internal.amazonaws.com") {
        "aws-internal".to_owned()
    } else if let Some(name) = lower.strip_suffix(".amazonaws.com") {
        format!("service:{}", cut(name, NAME_BYTES_MAX))
    } else if lower.starts_with(|first: char| first.is_ascii_digit()) || lower.contains(':') {
        // Octets such as 08, or an address that was masked by hand.
        format!("address:{}", cut(&lower, NAME_BYTES_MAX))
    } else {
        format!("service:{}", cut(&lower, NAME_BYTES_MAX))
    }
}
