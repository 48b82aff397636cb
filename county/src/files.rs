//! The county as files: one for each channel, as the channels would send them, and the truth
//! apart.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::{County, Generated, Identity, Settings};

/// Every heading of the report files, in order: the names of the import contract.
#[rustfmt::skip]
const HEADINGS: [&str; 68] = [
    "reference", "feed", "received_at", "reported_at", "event_from", "event_to", "nfib_code",
    "title", "narrative", "loss", "contact_method", "payment_method", "platform", "district",
    "local_crime_no", "markers", "victim_kind", "victim_title", "victim_forename",
    "victim_surname", "victim_date_of_birth", "victim_organisation", "victim_company_number",
    "victim_staff_count", "victim_phone", "victim_email", "victim_address", "victim_postcode",
    "safe_contact", "language", "suspect_title", "suspect_forename", "suspect_surname",
    "suspect_date_of_birth", "suspect_organisation", "suspect_address", "suspect_postcode",
    "suspect_phone", "suspect_email", "suspect_account", "suspect_wallet", "suspect_url",
    "suspect_handle", "suspect_ip", "lives_alone", "cognitive_or_mental_health",
    "physical_or_sensory", "care_or_support_needs", "recent_bereavement_or_crisis", "isolation",
    "language_or_digital_barrier", "financial_impact", "still_in_contact", "still_believes",
    "live_access", "home_visit_by_offender", "self_harm_or_suicide", "domestic_abuse_link",
    "intimate_image_threat", "identity_documents_given", "refund_refused", "physical_scene",
    "device_or_logs", "victim_supports", "service_outage_hours", "data_subjects",
    "threat_to_life", "critical_national_infrastructure",
];

/// Where the triage factors start among the headings.
const FACTORS_FROM: usize = 44;

/// The file of each feed. Names ending in `.jsonl` hold one JSON object a line.
const FILES: [(&str, &str); 8] = [
    ("victim_list", "national-victim-list.csv"),
    ("pursue", "national-pursue.csv"),
    ("urgent", "national-urgent.csv"),
    ("protect", "national-protect.csv"),
    ("call_for_service", "contact-centre.csv"),
    ("list", "report-list.csv"),
    ("partner", "partner.jsonl"),
    ("portal", "public-portal.jsonl"),
];

/// Why the files could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}", path = path.display())]
pub struct Error {
    /// The file or folder in question.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Reports over all channels.
    pub reports: u64,
    /// Report files, by path, with the number of reports in each.
    pub files: Vec<(PathBuf, u64)>,
}

/// Writes a county into a folder, made when it is missing: a file for each channel,
/// `recorded-crime.csv` (`month,recorded_crime`), and under `truth/` what is truly so.
///
/// # Errors
/// When the folder or a file cannot be written.
pub fn write_files(folder: &Path, settings: Settings) -> Result<Written, Error> {
    let county = County::new(settings);
    let truth_folder = folder.join("truth");
    fs::create_dir_all(&truth_folder).map_err(at(&truth_folder))?;
    let mut channels = FILES
        .iter()
        .map(|(feed, name)| Channel::open(feed, folder.join(name)))
        .collect::<Result<Vec<_>, _>>()?;
    let mut truth = TruthFiles::open(&truth_folder)?;
    let mut reports = 0;
    for report in county.reports() {
        reports += 1;
        if let Some(channel) = channels.iter_mut().find(|c| c.feed == report.feed) {
            channel.write(&report)?;
        }
        truth.write(&county, &report)?;
    }
    let mut recorded = Table::open(
        folder.join("recorded-crime.csv"),
        &["month", "recorded_crime"],
    )?;
    for (month, total) in county.recorded_crime() {
        recorded.row(&[&month, &total.to_string()])?;
    }
    recorded.close()?;
    truth.close()?;
    let mut files = Vec::with_capacity(channels.len());
    for channel in channels {
        files.push(channel.close()?);
    }
    Ok(Written { reports, files })
}

pub(crate) fn at(path: &Path) -> impl Fn(io::Error) -> Error {
    let path = path.to_path_buf();
    move |source| Error {
        path: path.clone(),
        source,
    }
}

/// A CSV file that knows its path, for errors.
pub(crate) struct Table {
    path: PathBuf,
    writer: csv::Writer<BufWriter<File>>,
}

impl Table {
    pub(crate) fn open(path: PathBuf, headings: &[&str]) -> Result<Table, Error> {
        let file = File::create(&path).map_err(at(&path))?;
        let mut table = Table {
            writer: csv::Writer::from_writer(BufWriter::new(file)),
            path,
        };
        table.row(headings)?;
        Ok(table)
    }

    pub(crate) fn row(&mut self, cells: &[&str]) -> Result<(), Error> {
        self.writer
            .write_record(cells)
            .map_err(|e| at(&self.path)(e.into()))
    }

    pub(crate) fn close(mut self) -> Result<(), Error> {
        self.writer.flush().map_err(at(&self.path))
    }
}

enum Format {
    Table(Box<Table>),
    Lines(BufWriter<File>),
}

/// The file one feed arrives in.
struct Channel {
    feed: &'static str,
    path: PathBuf,
    rows: u64,
    format: Format,
}

impl Channel {
    fn open(feed: &'static str, path: PathBuf) -> Result<Channel, Error> {
        let format = if path.extension().is_some_and(|e| e == "jsonl") {
            Format::Lines(BufWriter::new(File::create(&path).map_err(at(&path))?))
        } else {
            Format::Table(Box::new(Table::open(path.clone(), &HEADINGS)?))
        };
        Ok(Channel {
            feed,
            path,
            rows: 0,
            format,
        })
    }

    fn write(&mut self, report: &Generated) -> Result<(), Error> {
        self.rows += 1;
        match &mut self.format {
            Format::Table(table) => {
                let mut cells = [""; HEADINGS.len()];
                for (cell, heading) in cells.iter_mut().zip(HEADINGS) {
                    *cell = report.field(heading).unwrap_or("");
                }
                table.row(&cells)
            }
            Format::Lines(file) => {
                let object: serde_json::Map<String, serde_json::Value> = report
                    .fields
                    .iter()
                    .map(|(field, text)| ((*field).to_owned(), text.as_str().into()))
                    .collect();
                let line = serde_json::Value::Object(object);
                writeln!(file, "{line}").map_err(at(&self.path))
            }
        }
    }

    fn close(self) -> Result<(PathBuf, u64), Error> {
        match self.format {
            Format::Table(table) => table.close()?,
            Format::Lines(mut file) => file.flush().map_err(at(&self.path))?,
        }
        Ok((self.path, self.rows))
    }
}

/// The files under `truth/`. Identities already described are remembered, eight bytes or so each.
struct TruthFiles {
    victims: Table,
    campaigns: Table,
    observables: Table,
    circumstances: Table,
    people: Table,
    organisations: Table,
    described: BTreeSet<Identity>,
}

impl TruthFiles {
    fn open(folder: &Path) -> Result<TruthFiles, Error> {
        let table = |name: &str, headings: &[&str]| Table::open(folder.join(name), headings);
        let mut factors = vec!["reference"];
        factors.extend(&HEADINGS[FACTORS_FROM..]);
        Ok(TruthFiles {
            victims: table(
                "victims.csv",
                &["reference", "true_person", "true_suspect", "broken"],
            )?,
            campaigns: table(
                "campaigns.csv",
                &["reference", "group", "campaign", "family"],
            )?,
            observables: table(
                "observables.csv",
                &["reference", "kind", "value", "written", "field", "role"],
            )?,
            circumstances: table("circumstances.csv", &factors)?,
            people: table(
                "people.csv",
                &[
                    "true_person",
                    "household",
                    "sex",
                    "forename",
                    "surname",
                    "former_surname",
                    "date_of_birth",
                    "address",
                    "district",
                    "postcode",
                    "phone",
                    "email",
                ],
            )?,
            organisations: table(
                "organisations.csv",
                &[
                    "true_person",
                    "name",
                    "company_number",
                    "staff_count",
                    "address",
                    "district",
                    "postcode",
                    "phone",
                    "email",
                ],
            )?,
            described: BTreeSet::new(),
        })
    }

    fn write(&mut self, county: &County, report: &Generated) -> Result<(), Error> {
        let truth = &report.truth;
        let reference = truth.reference.as_str();
        let suspect = truth.suspect.map(|s| s.to_string()).unwrap_or_default();
        let victim = truth.victim.to_string();
        self.victims
            .row(&[reference, &victim, &suspect, truth.broken.unwrap_or("")])?;
        if let (Some(group), Some(campaign)) = (truth.offender_group, truth.campaign) {
            let (group, campaign) = (format!("G{group}"), format!("C{campaign}"));
            self.campaigns
                .row(&[reference, &group, &campaign, truth.family])?;
        }
        for planted in &truth.observables {
            self.observables.row(&[
                reference,
                planted.kind,
                &planted.value,
                &planted.written,
                planted.field,
                planted.role.name(),
            ])?;
        }
        let mut cells = vec![reference];
        cells.extend(HEADINGS[FACTORS_FROM..].iter().map(|factor| {
            truth
                .vulnerability
                .iter()
                .find(|(f, _)| f == factor)
                .map_or("", |(_, a)| a.as_str())
        }));
        self.circumstances.row(&cells)?;
        for identity in truth.suspect.iter().chain([&truth.victim]) {
            self.describe(county, *identity)?;
        }
        Ok(())
    }

    fn describe(&mut self, county: &County, identity: Identity) -> Result<(), Error> {
        if !self.described.insert(identity) {
            return Ok(());
        }
        let name = identity.to_string();
        match identity {
            Identity::Person(id) => {
                let person = county.population.find(id);
                let place = &person.place;
                self.people.row(&[
                    &name,
                    &format!("H{}", id / crate::person::ROOM),
                    person.sex.encode_utf8(&mut [0; 4]),
                    person.forename,
                    &person.surname,
                    person.former_surname.unwrap_or(""),
                    &person.born.to_string(),
                    &format!("{} {}, {}", place.house, place.street, place.town),
                    place.district,
                    &place.postcode,
                    &person.phone,
                    person.email.as_deref().unwrap_or(""),
                ])
            }
            Identity::Organisation(id) => {
                let organisation = county.population.organisation(id);
                let place = &organisation.place;
                self.organisations.row(&[
                    &name,
                    &organisation.name,
                    organisation.company_number.as_deref().unwrap_or(""),
                    &organisation.staff.to_string(),
                    &format!("{} {}, {}", place.house, place.street, place.town),
                    place.district,
                    &place.postcode,
                    &organisation.phone,
                    &organisation.email,
                ])
            }
        }
    }

    fn close(self) -> Result<(), Error> {
        for table in [
            self.victims,
            self.campaigns,
            self.observables,
            self.circumstances,
            self.people,
            self.organisations,
        ] {
            table.close()?;
        }
        Ok(())
    }
}
