//! Tokens at the boundary: what is issued is verified, and nothing else is.

use std::collections::BTreeSet;

use doorward_model::id::TenantId;
use doorward_model::record::{TokenIssued, TokenSubject};
use doorward_model::time::{Millis, Time};
use doorward_model::token::masked;
use doorward_proof::{
    Asker, LOOPBACK, Missing, NewToken, Refused, Scope, Secret, Tokens, Unissuable, Verified, holds_token,
    issue, loopback_pep, verify,
};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

const NOW: Time = Time::from_ms(1_760_000_000_000);

fn asked(name: &str, scopes: &[&str], expires_at: Option<Time>) -> NewToken {
    let scopes = scopes.iter().map(|scope| scope.parse().unwrap()).collect();
    NewToken { name: name.to_owned(), scopes, subject: None, by: "admin".to_owned(), expires_at }
}

fn subject(kind: &str, id: &str) -> Option<TokenSubject> {
    Some(TokenSubject { kind: kind.to_owned(), id: id.to_owned() })
}

/// The tokens of the tenant `t`.
fn tokens(fact: &TokenIssued) -> Tokens {
    Tokens::of(&TenantId::from("t"), [fact], [])
}

/// The enforcement point that somebody is.
fn pep(who: &Verified) -> Result<&str, Missing> {
    who.asker().map(|asker| match asker {
        Asker::Pep(pep) => pep.name(),
        Asker::Subject(_) => "none",
    })
}

fn issued(name: &str, scopes: &[&str], expires_at: Option<Time>) -> (Secret, TokenIssued, Tokens) {
    let (secret, fact) = issue(asked(name, scopes, expires_at), &[7; 32], NOW).unwrap();
    let fact = TokenIssued { tenant: "t".to_owned(), ..fact };
    let tokens = tokens(&fact);
    (secret, fact, tokens)
}

#[test]
fn a_token_has_a_form_that_scanners_find() {
    let (secret, fact, _) = issued("gateway", &["decide"], None);
    let text = secret.expose();
    let parts: Vec<_> = text.split('_').collect();
    assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [2, 16, 64, 8]);
    assert_eq!((parts[0], parts[1]), ("dw", fact.id.as_str()));
    assert_eq!(
        text,
        "dw_9d8af3c28ae6830b_0707070707070707070707070707070707070707070707070707070707070707_9bfb140e"
    );
}

#[test]
fn what_was_issued_is_verified_with_its_scopes_and_no_others() {
    let (secret, _, tokens) = issued("gateway", &["decide", "ingest:cloudtrail", "read"], None);
    let who = verify(&tokens, secret.expose(), NOW).unwrap();
    assert_eq!(pep(&who), Ok("gateway"));
    assert_eq!(who.reader().map(|operator| operator.name()), Ok("gateway"));
    assert_eq!(
        who.ingester("cloudtrail").map(|one| (one.name(), one.source())),
        Ok(("gateway", "cloudtrail"))
    );
    assert_eq!(who.admin(), Err(Missing(Scope::Admin)));
    assert_eq!(who.ingester("okta"), Err(Missing(Scope::Ingest("okta".to_owned()))));
}

#[test]
fn admin_includes_read_and_nothing_else() {
    let (secret, _, tokens) = issued("root", &["admin"], None);
    let who = verify(&tokens, secret.expose(), NOW).unwrap();
    assert_eq!(who.reader().map(|operator| operator.name()), Ok("root"));
    assert_eq!(who.admin().map(|operator| operator.name()), Ok("root"));
    assert_eq!(who.asker(), Err(Missing(Scope::Decide)));
    assert_eq!(who.ingester("okta"), Err(Missing(Scope::Ingest("okta".to_owned()))));
}

#[test]
fn the_caller_without_a_token_may_only_ask_for_decisions() {
    let who = loopback_pep();
    assert_eq!((who.name(), who.token()), (LOOPBACK, None));
    assert_eq!(pep(&who), Ok("loopback"));
    assert_eq!(who.reader(), Err(Missing(Scope::Read)));
    assert_eq!(who.admin(), Err(Missing(Scope::Admin)));
}

#[test]
fn every_other_text_is_refused() {
    let (secret, fact, tokens) = issued("gateway", &["decide"], None);
    let text = secret.expose();
    let (other, _) = issue(asked("other", &["admin"], None), &[8; 32], NOW).unwrap();
    // The public part of one token with the secret of another, under a checksum that is right.
    let forged = forged(&fact.id, "08");
    let cases = [
        (String::new(), Refused::Malformed),
        ("dw_".to_owned(), Refused::Malformed),
        (text.to_uppercase(), Refused::Malformed),
        (format!(" {text}"), Refused::Malformed),
        (text.replace("dw_", "gh_"), Refused::Malformed),
        (text.replacen("07", "0", 1), Refused::Malformed),
        (text.replacen("07", "08", 1), Refused::Checksum),
        (text.replacen('a', "b", 1), Refused::Checksum),
        (format!("{text}0"), Refused::Checksum),
        (text.strip_suffix('e').unwrap().to_owned(), Refused::Checksum),
        (other.expose().to_owned(), Refused::Unknown),
        (forged, Refused::Unknown),
    ];
    for (presented, why) in cases {
        assert_eq!(verify(&tokens, &presented, NOW), Err(why), "{presented}");
    }
}

/// A token of any public part and secret; the checksum is no secret.
fn forged(id: &str, pair: &str) -> String {
    let body = format!("dw_{id}_{}", pair.repeat(32));
    let hash = blake3::derive_key("doorward token checksum, version 1", body.as_bytes());
    let checksum: String = hash[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{body}_{checksum}")
}

#[test]
fn a_token_ends_by_time_and_by_revocation() {
    let ends = NOW + Millis::HOUR;
    let (secret, fact, tokens) = issued("gateway", &["decide"], Some(ends));
    let at = |tokens: &Tokens, now| verify(tokens, secret.expose(), now).map(|who| who.name().to_owned());
    assert_eq!(at(&tokens, ends - Millis(1)), Ok("gateway".to_owned()));
    assert_eq!(at(&tokens, ends), Err(Refused::Expired));
    let revoked = Tokens::of(&TenantId::from("t"), [&fact], ["another", fact.id.as_str()]);
    assert_eq!(at(&revoked, NOW), Err(Refused::Revoked));
}

#[test]
fn what_a_token_must_not_be_is_not_issued() {
    let refused = |asked: NewToken| issue(asked, &[1; 32], NOW).map(|(_, fact)| fact).unwrap_err();
    assert_eq!(refused(asked("", &["read"], None)), Unissuable::Name);
    assert_eq!(refused(asked("a\nb", &["read"], None)), Unissuable::Name);
    assert_eq!(refused(asked(&"a".repeat(129), &["read"], None)), Unissuable::Name);
    assert_eq!(refused(asked("a", &[], None)), Unissuable::Scopes(0));
    assert_eq!(refused(asked("loopback", &["decide"], None)), Unissuable::Reserved);
    assert_eq!(refused(asked("a", &["read"], Some(NOW))), Unissuable::Over(NOW));
    for (kind, id) in [("", "a"), ("user", " "), ("user", "a\n"), ("user", &*"a".repeat(1_025))] {
        let named = NewToken { subject: subject(kind, id), ..asked("a", &["decide"], None) };
        assert_eq!(refused(named), Unissuable::Subject, "{kind}/{id}");
    }
    for scopes in [&["read"][..], &["decide", "read"], &["decide", "admin"]] {
        let named = NewToken { subject: subject("user", "a"), ..asked("a", scopes, None) };
        assert_eq!(refused(named), Unissuable::SubjectScopes, "{scopes:?}");
    }
}

#[test]
fn a_token_opens_its_own_tenant_and_no_other() {
    let (secret, fact, _) = issued("gateway", &["decide"], None);
    let at = |tenant: &str| {
        let tokens = Tokens::of(&TenantId::from(tenant), [&fact], []);
        verify(&tokens, secret.expose(), NOW).map(|who| who.name().to_owned())
    };
    let said = ["t", "T", "tt", "", "other"].map(at);
    let foreign = || Err(Refused::Foreign);
    assert_eq!(said, [Ok("gateway".to_owned()), foreign(), foreign(), foreign(), foreign()]);
    let valid = |tenant: &str| Tokens::of(&TenantId::from(tenant), [&fact], []).is_valid(&fact.id, NOW);
    assert_eq!((valid("t"), valid("other")), (true, false));
    // Who does not hold it is not told that it is another tenant's.
    let others = Tokens::of(&TenantId::from("other"), [&fact], []);
    assert_eq!(verify(&others, &forged(&fact.id, "08"), NOW), Err(Refused::Unknown));
    assert_eq!(others.foreign().collect::<Vec<_>>(), [fact.id.as_str()]);
    let of_none = TokenIssued { tenant: String::new(), ..fact };
    assert_eq!(verify(&tokens(&of_none), secret.expose(), NOW), Err(Refused::Foreign));
}

#[test]
fn a_token_that_names_its_subject_asks_about_it_and_is_no_enforcement_point_for_others() {
    let invoices = NewToken {
        subject: subject("workload", "invoices"),
        ..asked("bill", &["decide"], Some(NOW + Millis::HOUR))
    };
    let (secret, fact) = issue(invoices, &[7; 32], NOW).unwrap();
    let fact = TokenIssued { tenant: "t".to_owned(), ..fact };
    let who = verify(&tokens(&fact), secret.expose(), NOW).unwrap();
    assert_eq!((pep(&who), who.asker().map(Asker::pep)), (Ok("none"), Ok("bill")));
    let told = who.asker().map(|asker| match asker {
        Asker::Subject(one) => {
            Some((one.kind(), one.id(), one.token(), one.issued_at(), one.expires_at(), one.pep()))
        }
        Asker::Pep(_) => None,
    });
    let expected = ("workload", "invoices", &*fact.id, NOW, Some(NOW + Millis::HOUR), "bill");
    assert_eq!(told, Ok(Some(expected)));
    assert_eq!(who.reader(), Err(Missing(Scope::Read)));
}

#[test]
fn a_scope_that_is_not_known_allows_nothing() {
    let (secret, mut fact, _) = issued("later", &["read"], None);
    fact.scopes = vec!["everything".to_owned(), "ingest:".to_owned()];
    let who = verify(&tokens(&fact), secret.expose(), NOW).unwrap();
    assert_eq!(who.reader(), Err(Missing(Scope::Read)));
    assert_eq!(who.asker(), Err(Missing(Scope::Decide)));
}

#[test]
fn a_row_without_a_whole_hash_matches_no_secret() {
    let (secret, mut fact, _) = issued("cut", &["read"], None);
    fact.secret_hash.truncate(16);
    assert_eq!(verify(&tokens(&fact), secret.expose(), NOW), Err(Refused::Unknown));
}

#[test]
fn nothing_prints_a_secret() {
    let (secret, fact, tokens) = issued("gateway", &["decide"], None);
    let who = verify(&tokens, secret.expose(), NOW).unwrap();
    let printed = format!("{secret:?} {tokens:?} {who:?}");
    let stored: String = fact.secret_hash.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!printed.contains("0707") && !printed.contains(&stored), "{printed}");
    assert!(!printed.contains(&format!("{:?}", fact.secret_hash)), "{printed}");
    assert!(!fact.secret_hash.windows(4).any(|bytes| bytes == [7; 4]));
}

#[test]
fn of_a_token_in_a_text_only_its_public_part_is_shown() {
    let (secret, fact, _) = issued("gateway", &["decide"], None);
    let (text, shown) = (secret.expose(), format!("dw_{}_...", fact.id));
    let cases = [
        (text.to_owned(), shown.clone()),
        (format!("no token by the id {text:?}, {text}x"), format!("no token by the id {shown:?}, {shown}x")),
        (text.chars().take(40).collect(), shown.clone()),
        (text.to_uppercase(), text.to_uppercase()),
        (format!("dw_dw_{text}"), format!("dw_dw_{shown}")),
        ("dw_0123456789abcdef".to_owned(), "dw_0123456789abcdef".to_owned()),
        ("dw_, dw_... and dw_é_0".to_owned(), "dw_, dw_... and dw_é_0".to_owned()),
        (String::new(), String::new()),
    ];
    for (text, shown) in cases {
        assert_eq!((masked(&text).as_ref(), holds_token(&text)), (shown.as_str(), text != shown), "{text}");
    }
}

#[test]
fn scopes_read_as_they_print() {
    for text in ["ingest:cloudtrail", "ingest:a", "decide", "read", "admin"] {
        assert_eq!(text.parse::<Scope>().map(|scope| scope.to_string()), Ok(text.to_owned()));
    }
    let long = format!("ingest:{}", "a".repeat(65));
    for text in
        ["", "Read", "ingest", "ingest:", "ingest:A", "ingest:-a", "ingest:a b", "ingest:*", "write", &long]
    {
        let message = text.parse::<Scope>().map_err(|error| error.to_string().starts_with("cannot read"));
        assert_eq!(message, Err(true), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn every_token_is_verified_and_no_neighbour_of_it(random: [u8; 32], at in 0_usize..93, digit in 0_u32..16) {
        let (secret, fact) = issue(asked("a", &["read"], None), &random, NOW).unwrap();
        let tokens = tokens(&TokenIssued { tenant: "t".to_owned(), ..fact });
        let text = secret.expose();
        let name = verify(&tokens, text, NOW).map(|who| who.name().to_owned());
        prop_assert_eq!(name, Ok("a".to_owned()));
        let changed: String = text.chars().enumerate()
            .map(|(place, one)| if place == at { char::from_digit(digit, 16).unwrap() } else { one }).collect();
        prop_assert_eq!(verify(&tokens, &changed, NOW).is_ok(), changed == text);
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        prop_assert_eq!(verify(&Tokens::default(), &text, NOW).map(|_| ()), Err(Refused::Malformed));
    }

    #[test]
    fn tokens_do_not_collide(seeds in proptest::collection::btree_set(any::<[u8; 32]>(), 1..50)) {
        let ids: BTreeSet<_> =
            seeds.iter().map(|random| issue(asked("a", &["read"], None), random, NOW).unwrap().1.id).collect();
        prop_assert!(ids.len() == seeds.len());
    }
}
