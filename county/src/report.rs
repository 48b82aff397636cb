//! A case as one channel writes it down: the fields a file holds, and the truth beside them.

use jiff::civil::Date;

use crate::answers;
use crate::calendar::{Calendar, day_after};
use crate::case::Case;
use crate::chance::Chance;
use crate::channel::{Channel, busy_second};
use crate::crime::Tool;
use crate::identifiers::{Hand, Identifier};
use crate::narrative::{self, Planted, Role, Voice, grouped, money, needs_of};
use crate::organisation::Organisation;
use crate::person::{Identity, Person};
use crate::victims::Victim;
use crate::words::WORDS;

/// A report being written.
pub(crate) struct Sheet<'a> {
    pub case: &'a Case,
    pub channel: &'static Channel,
    /// Number of the report within the county.
    pub index: u64,
    pub seconds: i64,
    pub fields: Vec<(&'static str, String)>,
    pub planted: Vec<Planted>,
}

impl<'a> Sheet<'a> {
    pub fn write(
        case: &'a Case,
        channel: &'static Channel,
        index: u64,
        seconds: i64,
        calendar: &Calendar,
        chance: &mut Chance,
    ) -> Self {
        let mut sheet = Sheet {
            case,
            channel,
            index,
            seconds,
            fields: Vec::with_capacity(40),
            planted: Vec::new(),
        };
        sheet.heading(calendar, chance);
        sheet.circumstances(chance);
        match &case.victim {
            Victim::Person(person) => sheet.person(person, chance),
            Victim::Organisation(organisation) => sheet.organisation(organisation, chance),
        }
        sheet.account_of_events(chance);
        for (factor, answer) in answers::recorded(&case.truth, channel.feed, chance) {
            sheet.put(factor, answer);
        }
        sheet
    }

    fn put(&mut self, field: &'static str, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.fields.push((field, text));
        }
    }

    /// British channels write the day first, national ones ISO 8601.
    fn day(&self, day: Date) -> String {
        match self.channel.feed {
            "call_for_service" | "list" => day.strftime("%d/%m/%Y").to_string(),
            _ => day.to_string(),
        }
    }

    fn heading(&mut self, calendar: &Calendar, chance: &mut Chance) {
        let day = self.case.received;
        let number = self.index + 1;
        let year = day.year() % 100;
        let reference = match self.channel.feed {
            "call_for_service" => format!("HW-{}-{number:06}", day.strftime("%Y%m%d")),
            "partner" => format!("TS/{}/{number}", day.year()),
            "portal" => format!("HWP{year:02}{number:07}"),
            "list" => format!("L{number}"),
            _ => format!("RF{year:02}{:02}{number:08}", day.month()),
        };
        self.put("reference", reference);
        self.put("feed", self.channel.feed);
        self.put("received_at", calendar.instant(day, self.seconds));
        let direct = matches!(self.channel.feed, "call_for_service" | "portal");
        let reported = match self.channel.feed {
            "urgent" => day,
            _ if direct => day,
            // A list takes some days to come, but cannot hold what had not happened.
            _ => {
                let sent = day_after(day, -1 - chance.days(1.6).min(8));
                sent.max(self.case.event_to.unwrap_or(self.case.event_from))
                    .min(day)
            }
        };
        let seconds = if direct || reported == day {
            self.seconds
        } else {
            busy_second(chance)
        };
        self.put(
            "reported_at",
            match self.channel.feed {
                "call_for_service" | "list" => {
                    format!(
                        "{} {:02}:{:02}",
                        self.day(reported),
                        seconds / 3_600,
                        seconds % 3_600 / 60
                    )
                }
                _ => calendar.instant(reported, seconds),
            },
        );
        if self.channel.feed == "call_for_service" {
            self.put(
                "local_crime_no",
                format!("52/{}/{year:02}", 10_000 + number),
            );
        }
    }

    fn circumstances(&mut self, chance: &mut Chance) {
        let case = self.case;
        if chance.yes(0.96) {
            self.put("event_from", self.day(case.event_from));
        }
        if let Some(to) = case.event_to {
            self.put("event_to", self.day(to));
        }
        if chance.yes(0.985) {
            self.put("nfib_code", case.code);
        }
        let title = narrative::title(case, chance);
        self.put("title", title);
        if case.loss_pence > 0 && chance.yes(0.97) {
            let loss = match self.channel.feed {
                "call_for_service" | "list" => {
                    format!(
                        "£{}.{:02}",
                        grouped(case.loss_pence / 100),
                        case.loss_pence % 100
                    )
                }
                _ => money(case.loss_pence),
            };
            self.put("loss", loss);
        } else if chance.yes(0.5) && case.loss_pence == 0 {
            self.put("loss", "0.00");
        }
        if chance.yes(0.85) {
            self.put("contact_method", case.contact);
        }
        if chance.yes(0.85) {
            self.put("payment_method", case.payment);
        }
        if chance.yes(0.8) {
            self.put("platform", case.platform.unwrap_or(""));
        }
        if self.channel.feed != "list" || chance.yes(0.4) {
            self.put("district", case.place().district);
        }
        let kept = if self.channel.feed == "list" {
            0.3
        } else {
            0.9
        };
        let markers: Vec<&str> = case
            .markers
            .iter()
            .filter(|_| chance.yes(kept))
            .copied()
            .collect();
        self.put("markers", markers.join(";"));
    }

    fn person(&mut self, person: &Person, chance: &mut Chance) {
        let day = self.case.received;
        self.put("victim_kind", "person");
        let age = self.case.age.unwrap_or(40);
        if chance.yes(0.6) {
            let title = person.title(age, chance);
            self.put("victim_title", title);
        }
        let forename = match WORDS.nickname(person.forename, chance) {
            Some(short) if chance.yes(0.07) => short.to_owned(),
            _ => mistype(person.forename, 0.018, chance),
        };
        self.put("victim_forename", forename);
        let surname = match person.former_surname {
            Some(former) if chance.yes(0.25) => former,
            _ => &person.surname,
        };
        let surname = mistype(surname, 0.022, chance);
        let capitals = self.channel.feed == "call_for_service" && chance.yes(0.5);
        self.put(
            "victim_surname",
            if capitals {
                surname.to_uppercase()
            } else {
                surname
            },
        );
        let known = if self.channel.feed == "list" {
            0.4
        } else {
            0.88
        };
        if chance.yes(known) {
            let born = born_as_written(person.born, day, chance);
            self.put("victim_date_of_birth", self.day(born));
        }
        self.reach(person, age, chance);
    }

    /// How the person can be reached, and how safely.
    fn reach(&mut self, person: &Person, age: i64, chance: &mut Chance) {
        if chance.yes(0.9) {
            let phone = Identifier::new("phone", person.phone.clone());
            self.put("victim_phone", phone.written(Hand::Field, chance));
        }
        if let Some(email) = &person.email
            && chance.yes(if self.channel.feed == "call_for_service" {
                0.5
            } else {
                0.88
            })
        {
            let written = if chance.yes(0.08) {
                email.to_uppercase()
            } else {
                email.clone()
            };
            self.put("victim_email", written);
        }
        self.home(
            &person.place.written(chance),
            &person.place.postcode,
            chance,
        );
        let wary = self.case.answer("domestic_abuse_link") == Some("yes");
        if wary && chance.yes(0.8) {
            let way = chance.pick(&[
                "Mobile only, do not leave a message",
                "Text first; partner may answer the landline",
                "Call 9am to 3pm on weekdays only",
            ]);
            self.put("safe_contact", way);
        } else if age < 18 && chance.yes(0.6) {
            self.put("safe_contact", "Speak to a parent or guardian first");
        } else if chance.yes(0.03) {
            self.put(
                "safe_contact",
                chance.pick(&["After 6pm", "Mornings only", "E-mail preferred"]),
            );
        }
        let barrier = self
            .case
            .answer("language_or_digital_barrier")
            .is_some_and(|b| b != "none");
        if barrier && let Some(language) = language(person.origin) {
            self.put("language", language);
        }
    }

    fn home(&mut self, address: &str, postcode: &str, chance: &mut Chance) {
        if chance.yes(0.9) {
            self.put("victim_address", address);
        }
        if chance.yes(0.94) {
            let written = match chance.below(12) {
                0 => postcode.replace(' ', ""),
                1 => postcode.to_lowercase(),
                _ => postcode.to_owned(),
            };
            self.put("victim_postcode", written);
        }
    }

    fn organisation(&mut self, organisation: &Organisation, chance: &mut Chance) {
        self.put("victim_kind", "organisation");
        let name = match chance.below(12) {
            0 => organisation.name.replace("Limited", "Ltd"),
            1 => organisation.name.replace(" Ltd", ""),
            2 => organisation.name.to_uppercase(),
            _ => mistype(&organisation.name, 0.01, chance),
        };
        self.put("victim_organisation", name);
        if let Some(number) = &organisation.company_number
            && chance.yes(0.5)
        {
            self.put("victim_company_number", number.clone());
        }
        if chance.yes(0.55) {
            self.put("victim_staff_count", organisation.staff.to_string());
        }
        let (forename, surname, _) = organisation.contact;
        if chance.yes(0.7) {
            self.put("victim_forename", forename);
            self.put("victim_surname", surname);
        }
        if chance.yes(0.9) {
            let phone = Identifier::new("phone", organisation.phone.clone());
            self.put("victim_phone", phone.written(Hand::Field, chance));
        }
        if chance.yes(0.85) {
            self.put("victim_email", organisation.email.clone());
        }
        self.home(
            &organisation.place.written(chance),
            &organisation.place.postcode,
            chance,
        );
    }

    /// The narrative, and the offender's identifiers in fields of their own.
    fn account_of_events(&mut self, chance: &mut Chance) {
        let case = self.case;
        let (voice, hand) = self.voice(chance);
        let mut tell = 0;
        for tool in Tool::ALL {
            if case.knows(tool) && chance.yes(self.channel.in_words) {
                tell |= needs_of(tool);
            }
        }
        let told = narrative::tell(case, voice, hand, tell, chance);
        self.put("narrative", told.text);
        self.planted.extend(told.planted);
        for tool in Tool::ALL {
            let untold = told.tools & needs_of(tool) == 0;
            let in_field = if untold {
                0.5 + self.channel.in_field / 2.0
            } else {
                self.channel.in_field
            };
            if case.knows(tool) && chance.yes(in_field) {
                self.identifier(tool, chance);
            }
        }
    }

    fn voice(&self, chance: &mut Chance) -> (Voice, Hand) {
        let voices: [f64; 3] = match self.channel.feed {
            "victim_list" => [0.72, 0.25, 0.03],
            "call_for_service" => [0.0, 0.42, 0.58],
            "pursue" | "urgent" => [0.25, 0.72, 0.03],
            "portal" => [1.0, 0.0, 0.0],
            "partner" => [0.1, 0.9, 0.0],
            _ => [0.45, 0.45, 0.1],
        };
        let voice =
            [Voice::First, Voice::Third, Voice::Shorthand][chance.weighted(voices.into_iter())];
        let analyst = matches!(self.channel.feed, "pursue" | "urgent" | "protect");
        if analyst && voice == Voice::Third && chance.yes(0.7) {
            return (voice, Hand::Analyst);
        }
        (voice, Hand::Person)
    }

    fn identifier(&mut self, tool: Tool, chance: &mut Chance) {
        let kit = &self.case.kit;
        let field = match tool {
            Tool::Phone => "suspect_phone",
            Tool::Email => "suspect_email",
            Tool::Site => "suspect_url",
            Tool::Account => "suspect_account",
            // One field holds the account, and the British one goes first.
            Tool::Iban if !self.fields.iter().any(|(f, _)| *f == "suspect_account") => {
                "suspect_account"
            }
            Tool::Wallet => "suspect_wallet",
            Tool::Handle => "suspect_handle",
            Tool::Ip => "suspect_ip",
            Tool::Suspect => return self.suspect(chance),
            Tool::Iban | Tool::Vehicle | Tool::Sha256 => return,
        };
        let identifier = if tool == Tool::Site && chance.yes(0.6) {
            &kit.page
        } else {
            kit.identifier(tool)
        };
        let written = identifier.written(Hand::Field, chance);
        self.planted.push(Planted {
            kind: identifier.kind,
            value: identifier.value.clone(),
            written: written.clone(),
            field,
            role: Role::Offender,
        });
        self.put(field, written);
    }

    fn suspect(&mut self, chance: &mut Chance) {
        let Some(suspect) = &self.case.kit.suspect else {
            return;
        };
        self.put("suspect_forename", mistype(suspect.forename, 0.02, chance));
        self.put("suspect_surname", mistype(&suspect.surname, 0.02, chance));
        if chance.yes(0.45) {
            let born = born_as_written(suspect.born, self.case.received, chance);
            self.put("suspect_date_of_birth", self.day(born));
        }
        if chance.yes(0.3) {
            self.put("suspect_address", suspect.place.written(chance));
            self.put("suspect_postcode", suspect.place.postcode.clone());
        }
    }

    /// The suspect, when the report names one.
    pub fn named_suspect(&self) -> Option<Identity> {
        let told = self
            .fields
            .iter()
            .any(|(field, _)| *field == "suspect_surname");
        let suspect = self.case.kit.suspect.as_ref().filter(|_| told)?;
        Some(Identity::Person(suspect.id))
    }
}

/// A date of birth as somebody wrote it: day and month change places, a digit goes astray.
fn born_as_written(born: Date, today: Date, chance: &mut Chance) -> Date {
    let written = match chance.below(1_000) {
        0..12 => Date::new(born.year(), born.day(), born.month()).unwrap_or(born),
        12..20 => born.with().year(born.year() + 1).build().unwrap_or(born),
        20..26 => day_after(born, chance.between(-3, 3)),
        _ => born,
    };
    if written > today { born } else { written }
}

fn mistype(name: &str, probability: f64, chance: &mut Chance) -> String {
    if !chance.yes(probability) {
        return name.to_owned();
    }
    let mut letters: Vec<char> = name.chars().collect();
    if letters.len() < 4 {
        return name.to_owned();
    }
    let at = 1 + chance.index(letters.len() - 2);
    match chance.below(4) {
        0 => letters.swap(at, at + 1),
        1 => {
            letters.remove(at);
        }
        2 => letters.insert(at, letters[at]),
        _ => letters[at] = chance.pick(&['a', 'e', 'i', 'o', 'n', 's', 'r']),
    }
    letters.into_iter().collect()
}

fn language(origin: &str) -> Option<&'static str> {
    Some(match origin {
        "gujarati" => "Gujarati",
        "punjabi" => "Punjabi",
        "south_indian" => "Tamil",
        "muslim" => "Urdu",
        "polish" => "Polish",
        "romanian" => "Romanian",
        "west_african" => "Twi",
        "east_african" => "Somali",
        "chinese" => "Cantonese",
        "cypriot" => "Greek",
        "italian" => "Italian",
        "portuguese" => "Portuguese",
        _ => return None,
    })
}
