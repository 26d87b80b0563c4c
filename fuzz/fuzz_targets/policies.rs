//! Any texts as a folder of policies: what stands after a line `---` is the schema.
#![no_main]

use std::collections::BTreeMap;

use doorward_model::decision::Mode;
use doorward_serve::policy_files::{blob_hash, published, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (policies, schema) =
        text.split_once("\n---\n").map_or((text, None), |(policies, schema)| (policies, Some(schema)));
    let mut files: BTreeMap<String, String> = [("a.cedar".to_owned(), policies.to_owned())].into();
    if let Some(schema) = schema {
        files.insert("b.cedarschema".to_owned(), schema.to_owned());
    }
    match read(&files) {
        Ok((_, entities)) => {
            assert!(entities.is_empty());
            // The order and the names of the files, and nothing else, make the set another one.
            let fact = published(&files, Mode::Enforce, 100, "fuzz");
            assert!(fact.files.values().all(|hash| blob_hash(hash).is_some()));
            assert_eq!(published(&files.clone(), Mode::Enforce, 100, "fuzz"), fact);
        }
        Err(errors) => {
            assert!(!errors.is_empty());
            for error in errors {
                let told = format!("{}{}", error.path, error.message);
                assert!(error.path.is_empty() || files.contains_key(&error.path), "{told}");
                let lines = files.get(&error.path).map_or(0, |text| text.lines().count());
                assert!(error.line as usize <= lines + 1, "line {} of {lines}: {told}", error.line);
                assert!(!error.message.is_empty());
            }
        }
    }
});
