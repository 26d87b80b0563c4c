//! Signed heads: what is signed, and what is not taken for it.

use doorward_model::head::SignedHead;
use doorward_model::id::{FactNumber, TenantId};
use doorward_model::time::Time;
use doorward_proof::head::statement;
use doorward_proof::{Ed25519, HeadFault, LogEnd, PublicKey, Signer, sign_head, verify_head};
use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};

fn key(byte: u8) -> Ed25519 {
    Ed25519::from_seed(&[byte; 32]).unwrap()
}

fn acme() -> TenantId {
    TenantId::from("acme")
}

fn signed() -> SignedHead {
    let end = LogEnd {
        row: 120,
        hash: [0xA5; 32],
        recorded_at: Time::from_ms(1_800_000_000_123),
        fact: FactNumber(57),
    };
    sign_head(&acme(), &end, &key(7)).unwrap()
}

/// The first of the test vectors of RFC 8032, section 7.1.
#[test]
fn a_key_is_that_of_the_standard() {
    let seed = PublicKey::read("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").unwrap();
    let key = Ed25519::from_seed(seed.bytes()).unwrap();
    assert_eq!(
        key.public_key().to_string(),
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    );
    let digits: String = key.sign(b"").unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        digits,
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b\
         d25bf5f0595bbe24655141438e7a100b"
    );
}

/// A head that somebody keeps must verify for ever: neither the text nor the id of a key may change.
#[test]
fn what_is_signed_is_a_text_that_other_tools_can_make() {
    let head = signed();
    assert_eq!(
        statement(&head),
        format!(
            "doorward journal head, version 1\nkey 2ec42a1ceea325bf\nrow 120\nhash {}\n\
             recorded_at_ms 1800000000123\nfact 57\ntenant acme\n",
            "a5".repeat(32)
        )
    );
    assert_eq!(verify_head(&head, &acme(), key(7).public_key()), Ok(()));
}

#[test]
fn another_tenant_another_key_and_another_signature_are_told_apart() {
    let (head, ours, theirs) = (signed(), key(7), key(8));
    assert_eq!(
        verify_head(&head, &TenantId::from("other"), ours.public_key()),
        Err(HeadFault::Tenant { found: "acme".to_owned(), asked: "other".to_owned() })
    );
    let ids = [&ours, &theirs].map(|key| key.public_key().id().to_owned());
    let [found, asked] = ids.clone();
    assert_eq!(
        verify_head(&head, &acme(), theirs.public_key()),
        Err(HeadFault::Key { found, asked: asked.clone() })
    );
    // Somebody else's signature under our name.
    let forged = SignedHead { signature: theirs.sign(statement(&head).as_bytes()).unwrap(), ..head.clone() };
    let [id, _] = ids;
    assert_eq!(verify_head(&forged, &acme(), ours.public_key()), Err(HeadFault::Signature(id)));
    // Our signature under somebody else's name.
    let renamed = SignedHead { key: asked.clone(), ..head };
    assert_eq!(verify_head(&renamed, &acme(), theirs.public_key()), Err(HeadFault::Signature(asked)));
}

#[test]
fn a_public_key_is_read_as_it_is_written() {
    let public = key(7).public_key().clone();
    assert_eq!(PublicKey::read(&public.to_string()), Some(public.clone()));
    for text in ["", "00", &public.to_string().to_uppercase(), &format!("{public}00"), &"g".repeat(64)] {
        assert_eq!(PublicKey::read(text), None, "{text}");
    }
}

/// A key file must be read for ever.
#[test]
fn a_key_is_read_as_it_is_written() {
    let secret = Ed25519::write(&[7; 32]);
    let text = secret.expose().to_owned();
    assert_eq!(text, format!("doorward instance key, version 1\n{}\n", "07".repeat(32)));
    assert_eq!(Ed25519::read(&text).unwrap().public_key(), key(7).public_key());
    for text in [
        "",
        &text.replace("version 1", "version 2"),
        text.trim_end(),
        &text.replace("07", "0g"),
        text.get(..50).unwrap(),
    ] {
        assert!(Ed25519::read(text).is_none(), "{text}");
    }
    assert_eq!(format!("{secret:?}"), "Secret(..)");
}

#[test]
fn a_key_shows_its_public_half_only() {
    let shown = format!("{:?}", key(7));
    assert_eq!(shown, format!("Ed25519 {{ public: {:?}, .. }}", key(7).public_key()));
    assert!(!shown.contains("0707"), "{shown}");
}

fn changes() -> impl Strategy<Value = SignedHead> {
    let head = signed;
    let number = any::<u64>();
    prop_oneof![
        number.prop_map(move |row| SignedHead { row, ..head() }),
        number.prop_map(move |fact| SignedHead { fact, ..head() }),
        any::<i64>().prop_map(move |recorded_at_ms| SignedHead { recorded_at_ms, ..head() }),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(move |hash| SignedHead { hash, ..head() }),
        (0..64_usize, 0..8_u8).prop_map(move |(byte, bit)| {
            let mut head = head();
            head.signature[byte] ^= 1 << bit;
            head
        }),
        (0..70_usize).prop_map(move |length| {
            let mut head = head();
            head.signature.resize(length, 0);
            head
        }),
        Just(signed()),
    ]
}

proptest! {
    #[test]
    fn whatever_is_changed_is_not_what_was_signed(head in changes()) {
        let stands = verify_head(&head, &acme(), key(7).public_key()).is_ok();
        prop_assert_eq!(stands, head == signed());
    }

    /// No two heads have one text, whatever is in the name of a tenant.
    #[test]
    fn a_tenant_cannot_be_named_so_that_its_heads_are_those_of_another(name in "[a-z\n 0-9]{0,40}") {
        let end = LogEnd { row: 1, hash: [0; 32], recorded_at: Time::from_ms(0), fact: FactNumber(1) };
        let head = sign_head(&TenantId::from(name.as_str()), &end, &key(7)).unwrap();
        let as_ours = SignedHead { tenant: "acme".to_owned(), ..head };
        prop_assert_eq!(verify_head(&as_ours, &acme(), key(7).public_key()).is_ok(), name == "acme");
    }
}
