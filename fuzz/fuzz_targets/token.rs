//! Any text as a token, and as an `Authorization` header.
#![no_main]

use doorward_fuzz::{NOW, server};
use doorward_model::id::TenantId;
use doorward_proof::{NewToken, Scope, Tokens, issue, verify};
use http::StatusCode;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|presented: &str| {
    let random = [presented.len() as u8; 32];
    let asked = NewToken {
        name: presented.to_owned(),
        scopes: vec![Scope::Decide],
        subject: None,
        by: "fuzz".to_owned(),
        expires_at: None,
    };
    if let Ok((secret, mut issued)) = issue(asked, &random, NOW) {
        let tenant = TenantId::from("fuzz");
        tenant.as_str().clone_into(&mut issued.tenant);
        let tokens = Tokens::of(&tenant, [&issued], []);
        // What is issued is verified, as whom it was issued for, and nothing else is.
        assert_eq!(verify(&tokens, secret.expose(), NOW).unwrap().name(), presented);
        assert_eq!(verify(&tokens, presented, NOW).is_ok(), presented == secret.expose());
        let cut: String = secret.expose().chars().skip(1).collect();
        assert!(verify(&tokens, &cut, NOW).is_err());
    }
    let server = server();
    if presented.bytes().any(|byte| !(b' '..=b'~').contains(&byte)) {
        return;
    }
    let Some(answer) = server.send_with(&[("authorization", presented)], "GET", "/v1/tokens", b"") else {
        return;
    };
    let (_, token) = server.token().split_once(' ').unwrap();
    let shown = presented.trim().split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let expected = if shown.is_some_and(|(_, shown)| shown.trim() == token) {
        StatusCode::OK
    } else {
        StatusCode::UNAUTHORIZED
    };
    assert_eq!(answer.status, expected, "{presented:?}");
});
