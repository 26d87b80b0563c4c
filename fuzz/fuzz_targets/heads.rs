//! Any bytes as a signed head that was kept elsewhere, or as a list of them.
#![no_main]

use doorward_fuzz::NOW;
use doorward_model::head::SignedHead;
use doorward_model::id::{FactNumber, TenantId};
use doorward_proof::head::statement;
use doorward_proof::{Ed25519, LogEnd, PublicKey, Signer, sign_head, verify_head};
use doorward_serve::answers::heads::HeadRow;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let tenant = TenantId::from("fuzz");
    let (signed, ours) = signed(&tenant);
    let Ok(rows) = HeadRow::read(text) else { return };
    for row in &rows {
        let written = serde_json::to_vec(row).unwrap();
        assert_eq!(HeadRow::read(&written).unwrap(), [row.clone()]);
        let Some(head) = row.signed() else { continue };
        // What it says survives, whatever the case of its digits.
        assert_eq!(HeadRow::of(&head, &[]).signed().unwrap(), head);
        if verify_head(&head, &tenant, &ours).is_ok() {
            assert_eq!(statement(&head), statement(&signed), "nothing else was signed");
        }
        if let Some(theirs) = PublicKey::read(&row.public_key) {
            let stands = verify_head(&head, &tenant, &theirs).is_ok();
            assert!(!stands || theirs.id() == head.key, "{row:?}");
        }
    }
});

/// The one head that was signed, and the key of it.
fn signed(tenant: &TenantId) -> (SignedHead, PublicKey) {
    let key = Ed25519::from_seed(&[7; Ed25519::SEED_BYTES]).unwrap();
    let end = LogEnd { row: 42, hash: [3; 32], recorded_at: NOW, fact: FactNumber(7) };
    let head = sign_head(tenant, &end, &key).unwrap();
    let public = key.public_key().clone();
    (head, public)
}
