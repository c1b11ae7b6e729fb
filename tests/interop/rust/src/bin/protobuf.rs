//! The crate's protobuf messages, read and written by prost, a line in and a line out:
//!
//! `read info HEX`, `read batch HEX`: the fields, `INDEX:NAME` each, the name in hex; or `refused`.
//! `write info FIELDS`, `write batch FIELDS...`: the bytes, in hex.

use std::io::{self, BufRead};

use bitbroker::proto::{InitialMessageBatchProto, InitialMessageProto};
use prost::Message;

fn read(kind: &str, body: &str) -> String {
    let bytes = hex::decode(body).expect("hex");
    let read = match kind {
        "info" => InitialMessageProto::decode(&bytes[..]).map(|info| vec![info]),
        _ => InitialMessageBatchProto::decode(&bytes[..]).map(|batch| batch.initial_messages),
    };
    match read {
        Ok(infos) => infos.iter().map(show).collect::<Vec<_>>().join(" "),
        Err(_) => "refused".to_string(),
    }
}

fn write<'a>(kind: &str, fields: impl Iterator<Item = &'a str>) -> String {
    let mut initial_messages: Vec<_> = fields.map(parse).collect();
    hex::encode(match kind {
        "info" => initial_messages.remove(0).encode_to_vec(),
        _ => InitialMessageBatchProto { initial_messages }.encode_to_vec(),
    })
}

fn show(info: &InitialMessageProto) -> String {
    format!("{}:{}", info.bot_index, hex::encode(&info.bot_name))
}

fn parse(fields: &str) -> InitialMessageProto {
    let (index, name) = fields.split_once(':').expect("INDEX:NAME");
    InitialMessageProto {
        bot_index: index.parse().expect("an int32"),
        bot_name: String::from_utf8(hex::decode(name).expect("hex")).expect("UTF-8"),
    }
}

fn main() {
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        let mut words = line.split(' ');
        let (order, kind) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        match order {
            "read" => println!("{}", read(kind, words.next().unwrap_or(""))),
            "write" => println!("{}", write(kind, words)),
            _ => panic!("{order} is neither read nor write"),
        }
    }
}
