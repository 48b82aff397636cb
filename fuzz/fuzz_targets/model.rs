//! No model file panics; one that is read scores any two records alike from either side.
#![no_main]

use libfuzzer_sys::fuzz_target;
use linkage::Model;

const MODEL: &str = include_str!("../../policy/intake/linkage.toml");

fuzz_target!(|data: (&str, [&str; 7], [&str; 7])| {
    let (text, one, other) = data;
    let _ = Model::from_toml(text);
    // The shipped model with something unheard of in it.
    let changed = MODEL.replacen("exact(phone)", text, 1);
    let shipped = Model::from_toml(&changed).or_else(|_| Model::from_toml(MODEL));
    let model = shipped.expect("the shipped model is a model");
    let columns = ["forename", "surname", "date_of_birth", "postcode", "address", "phone", "email"];
    let prepare = |values: &[&str; 7]| {
        let fields: Vec<(&str, &str)> = columns.into_iter().zip(values.iter().copied()).collect();
        model.prepare(&fields)
    };
    let (a, b) = (prepare(&one), prepare(&other));
    let (there, back) = (model.compare(&a, &b, &()), model.compare(&b, &a, &()));
    assert_eq!(there.weight, back.weight);
    assert!(there.weight.is_finite());
    assert_eq!(model.restore(&model.stored(&a)).expect("a stored form is read back"), a);
});
