BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0010');
CREATE TABLE alert (
	id VARCHAR(32) NOT NULL, 
	user_id VARCHAR(32) NOT NULL, 
	rule_id VARCHAR(32), 
	open_key VARCHAR(200), 
	kind VARCHAR(40) NOT NULL, 
	severity VARCHAR(8) NOT NULL, 
	subject VARCHAR(120) NOT NULL, 
	says VARCHAR(20) NOT NULL, 
	figures TEXT NOT NULL, 
	link VARCHAR(300) NOT NULL, 
	opened_at DATETIME NOT NULL, 
	seen_at DATETIME NOT NULL, 
	cleared_at DATETIME, 
	acknowledged_at DATETIME, 
	snoozed_until DATETIME, 
	told_at DATETIME, 
	PRIMARY KEY (id), 
	FOREIGN KEY(rule_id) REFERENCES alert_rule (id) ON DELETE SET NULL, 
	FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE, 
	UNIQUE (open_key)
);
INSERT INTO "alert" VALUES('b9932e24bbd68e34d1cc399ab72120f9','dcb895aa16d436b2341df8c549eb0b05','7e621925ad221ae1fa86d5e35df2c14d','alert.open_key 0: «œ» ''quoted'' "twice" ;--','trade','alert.se','alert.subject 0: «œ» ''quoted'' "twice" ;--','alert.says 0: «œ» ''q','[]','alert.link 0: «œ» ''quoted'' "twice" ;--','2024-02-29 23:59:58.123456','2024-02-29 23:59:58.123456','2024-02-29 23:59:58.123456','2024-02-29 23:59:58.123456','2024-02-29 23:59:58.123456','2024-02-29 23:59:58.123456');
INSERT INTO "alert" VALUES('a256401da52ba71a300eabb22151fff2','24cb141ea4c1ed35e46536c83b5d76af',NULL,NULL,'deposit','alert.se','alert.subject 1: «œ» ''quoted'' "twice" ;--','alert.says 1: «œ» ''q','[]','alert.link 1: «œ» ''quoted'' "twice" ;--','2024-03-01 23:59:58.123456','2024-03-01 23:59:58.123456',NULL,NULL,NULL,NULL);
CREATE TABLE alert_channel (
	id VARCHAR(32) NOT NULL, 
	user_id VARCHAR(32) NOT NULL, 
	kind VARCHAR(20) NOT NULL, 
	label VARCHAR(80) NOT NULL, 
	shown VARCHAR(255) NOT NULL, 
	active BOOLEAN NOT NULL, 
	private BOOLEAN NOT NULL, 
	alerts BOOLEAN NOT NULL, 
	brief BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	worked_at DATETIME, 
	error VARCHAR(80) NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE
);
INSERT INTO "alert_channel" VALUES('8aa5821f090a946d7eeb503d721e7ef6','dcb895aa16d436b2341df8c549eb0b05','trade','alert_channel.label 0: «œ» ''quoted'' "twice" ;--','alert_channel.shown 0: «œ» ''quoted'' "twice" ;--',0,0,0,0,'2024-02-29 23:59:58.123456','2024-02-29 23:59:58.123456','');
INSERT INTO "alert_channel" VALUES('0e5f49bae17cb2923b82f4b11315ec5b','24cb141ea4c1ed35e46536c83b5d76af','deposit','alert_channel.label 1: «œ» ''quoted'' "twice" ;--','alert_channel.shown 1: «œ» ''quoted'' "twice" ;--',1,1,1,1,'2024-03-01 23:59:58.123456',NULL,'provider.unreachable');
CREATE TABLE alert_delivery (
	id VARCHAR(32) NOT NULL, 
	user_id VARCHAR(32) NOT NULL, 
	channel_id VARCHAR(32) NOT NULL, 
	about VARCHAR(8) NOT NULL, 
	content TEXT NOT NULL, 
	state VARCHAR(8) NOT NULL, 
	attempts INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	next_at DATETIME NOT NULL, 
	done_at DATETIME, 
	error VARCHAR(80) NOT NULL, 
	error_params TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(channel_id) REFERENCES alert_channel (id) ON DELETE CASCADE, 
	FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE
);
INSERT INTO "alert_delivery" VALUES('23464cc44b0d8bb8d51fc4a165d62c5a','dcb895aa16d436b2341df8c549eb0b05','8aa5821f090a946d7eeb503d721e7ef6','','{"number": 0}','done',1,'2024-02-29 23:59:58.123456','2024-02-29 23:59:58.123456','2024-02-29 23:59:58.123456','','{"number": 0}');
INSERT INTO "alert_delivery" VALUES('cccc2fde19f083560d5eed18f9311be9','24cb141ea4c1ed35e46536c83b5d76af','0e5f49bae17cb2923b82f4b11315ec5b','','{"number": 1}','failed',2,'2024-03-01 23:59:58.123456','2024-03-01 23:59:58.123456',NULL,'provider.unreachable','{"number": 1}');
CREATE TABLE alert_rule (
	id VARCHAR(32) NOT NULL, 
	user_id VARCHAR(32) NOT NULL, 
	kind VARCHAR(40) NOT NULL, 
	params TEXT NOT NULL, 
	currency VARCHAR(8) NOT NULL, 
	active BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	judged_at DATETIME, 
	error VARCHAR(80) NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE
);
INSERT INTO "alert_rule" VALUES('7e621925ad221ae1fa86d5e35df2c14d','dcb895aa16d436b2341df8c549eb0b05','trade','{"number": 0}','EUR',0,'2024-02-29 23:59:58.123456','2024-02-29 23:59:58.123456','');
INSERT INTO "alert_rule" VALUES('b6ed9f75eb0262c708a0d87fd0f05498','24cb141ea4c1ed35e46536c83b5d76af','deposit','{"number": 1}','USD',1,'2024-03-01 23:59:58.123456',NULL,'provider.unreachable');
CREATE TABLE alert_settings (
	user_id VARCHAR(32) NOT NULL, 
	quiet_from INTEGER, 
	quiet_until INTEGER, 
	brief_at INTEGER, 
	brief_day DATE, 
	PRIMARY KEY (user_id), 
	FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE
);
INSERT INTO "alert_settings" VALUES('dcb895aa16d436b2341df8c549eb0b05',1,1,1,'2024-02-28');
INSERT INTO "alert_settings" VALUES('24cb141ea4c1ed35e46536c83b5d76af',NULL,NULL,NULL,NULL);
CREATE TABLE api_token (
	id VARCHAR(32) NOT NULL, 
	token_hash VARCHAR(64) NOT NULL, 
	user_id VARCHAR(32) NOT NULL, 
	name VARCHAR(80) NOT NULL, 
	scope VARCHAR(8) NOT NULL, 
	hint VARCHAR(8) NOT NULL, 
	created_at DATETIME NOT NULL, 
	used_at DATETIME, 
	PRIMARY KEY (id), 
	FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE
);
INSERT INTO "api_token" VALUES('7b04025f7a1a098bfcf647157e89d31b','648074c41565eb1e4876187041f9f80fe8052666821f57cda54e69d280703529','dcb895aa16d436b2341df8c549eb0b05','api_token.name 0: «œ» ''quoted'' "twice" ;--','read','api_toke','2024-02-29 23:59:58.123456','2024-02-29 23:59:58.123456');
INSERT INTO "api_token" VALUES('80e26f1539efc729274dec6c18569558','192977a6e66681b5c2de7137f6057929156d9ba4dc0d1edbe5e8855ed505e144','24cb141ea4c1ed35e46536c83b5d76af','api_token.name 1: «œ» ''quoted'' "twice" ;--','write','api_toke','2024-03-01 23:59:58.123456',NULL);
CREATE TABLE asset (
	id VARCHAR(80) NOT NULL, 
	asset_class VARCHAR(16) NOT NULL, 
	symbol VARCHAR(60) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	isin VARCHAR(12) NOT NULL, 
	quote_currency VARCHAR(8) NOT NULL, 
	coingecko_id VARCHAR(120) NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "asset" VALUES('crypto:BTC','crypto','BTC','asset.name 0: «œ» ''quoted'' "twice" ;--','','','asset.coingecko_id 0: «œ» ''quoted'' "twice" ;--');
INSERT INTO "asset" VALUES('crypto:ETH','crypto','ETH','asset.name 1: «œ» ''quoted'' "twice" ;--','','','asset.coingecko_id 1: «œ» ''quoted'' "twice" ;--');
CREATE TABLE asset_override (
	user_id VARCHAR(32) NOT NULL, 
	asset VARCHAR(80) NOT NULL, 
	group_name VARCHAR(40) NOT NULL, 
	coingecko_id VARCHAR(120) NOT NULL, 
	PRIMARY KEY (user_id, asset), 
	FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE
);
INSERT INTO "asset_override" VALUES('dcb895aa16d436b2341df8c549eb0b05','crypto:BTC','asset_override.group_name 0: «œ» ''quoted','asset_override.coingecko_id 0: «œ» ''quoted'' "twice" ;--');
INSERT INTO "asset_override" VALUES('24cb141ea4c1ed35e46536c83b5d76af','crypto:ETH','asset_override.group_name 1: «œ» ''quoted','asset_override.coingecko_id 1: «œ» ''quoted'' "twice" ;--');
CREATE TABLE audit_entry (
	id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	user_id VARCHAR(32) NOT NULL, 
	action VARCHAR(60) NOT NULL, 
	detail TEXT NOT NULL, 
	address VARCHAR(64) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "audit_entry" VALUES(1,'2024-02-29 23:59:58.123456','1bab1358bf22dd88b3807e60e91ca061','login','{"number": 0}','192.0.2.1','7587845a1580e5719deb535bd54b0f6797cd996faefc73bc34406c88e219e2c1');
INSERT INTO "audit_entry" VALUES(2,'2024-03-01 23:59:58.123456','4ef02590e0240eb90f5104ac8efd6ebc','import.commit','{"number": 1}','2001:db8::1','c8b70fca987b7a0f75b4821223844ac9ea56cbba32df82da2ec54321f6551787');
CREATE TABLE balance (
	id INTEGER NOT NULL, 
	statement_id VARCHAR(32) NOT NULL, 
	asset VARCHAR(80) NOT NULL, 
	quantity VARCHAR(80) NOT NULL, 
	account VARCHAR(120) NOT NULL, 
	cost_currency VARCHAR(8), 
	cost VARCHAR(80), 
	"row" INTEGER NOT NULL, 
	raw TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(statement_id) REFERENCES statement (id) ON DELETE CASCADE
);
INSERT INTO "balance" VALUES(1,'ab8a0217dbbdc82d6a96623effa9ecca','crypto:BTC','1234.567890123456789012','Main','EUR','1234.567890123456789012',1,'balance.raw 0: «œ» ''quoted'' "twice" ;--');
INSERT INTO "balance" VALUES(2,'ada6271254241a1e3f8d1b06b4607aa3','crypto:ETH','0.000000000000000001','',NULL,NULL,2,'balance.raw 1: «œ» ''quoted'' "twice" ;--');
CREATE TABLE channel_secret (
	channel_id VARCHAR(32) NOT NULL, 
	field VARCHAR(40) NOT NULL, 
	ciphertext TEXT NOT NULL, 
	key_id VARCHAR(16) NOT NULL, 
	hint VARCHAR(4) NOT NULL, 
	set_at DATETIME NOT NULL, 
	PRIMARY KEY (channel_id, field), 
	FOREIGN KEY(channel_id) REFERENCES alert_channel (id) ON DELETE CASCADE
);
INSERT INTO "channel_secret" VALUES('8aa5821f090a946d7eeb503d721e7ef6','api_key','gAAAAABrBJO2p43BWB7FwnFKBO7N85sHtNBh7Hvws5AxJBDIohkTtfiVZD7QIwSGhFtXz36wRBxIXczGYj2LfRZ-K3woo9pY9TS6sulTQFlGAmqNS3BBuJ8=','6ba659742e025c17','ce 0','2024-02-29 23:59:58.123456');
INSERT INTO "channel_secret" VALUES('0e5f49bae17cb2923b82f4b11315ec5b','api_key','gAAAAABrBJO2U-6hyiPKEMnoP0WzOn3rBkDF8tJ4Y2Um72-8_k3IiOZ9eI1yjZTgpCzW4kC-_tMVP7XYssivxJg93Gods6jpYu5B851Ypw1lCfQS97CwiSU=','6ba659742e025c17','ce 1','2024-03-01 23:59:58.123456');
CREATE TABLE coin_candidate (
	asset VARCHAR(80) NOT NULL, 
	coin VARCHAR(120) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	position INTEGER NOT NULL, 
	PRIMARY KEY (asset, coin)
);
INSERT INTO "coin_candidate" VALUES('crypto:BTC','coin_candidate.coin 0: «œ» ''quoted'' "twice" ;--','coin_candidate.name 0: «œ» ''quoted'' "twice" ;--',1);
INSERT INTO "coin_candidate" VALUES('crypto:ETH','coin_candidate.coin 1: «œ» ''quoted'' "twice" ;--','coin_candidate.name 1: «œ» ''quoted'' "twice" ;--',2);
CREATE TABLE column_mapping (
	id VARCHAR(32) NOT NULL, 
	user_id VARCHAR(32) NOT NULL, 
	name VARCHAR(80) NOT NULL, 
	headers_hash VARCHAR(64) NOT NULL, 
	mapping TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE, 
	UNIQUE (user_id, name)
);
INSERT INTO "column_mapping" VALUES('95f12d5999998f3983813f4bf47f8fdd','dcb895aa16d436b2341df8c549eb0b05','column_mapping.name 0: «œ» ''quoted'' "twice" ;--','985ddff20a6ad2f489b79ab90240ad8b535079c781e9ae02ed88eaa4a7c812f3','{"number": 0}','2024-02-29 23:59:58.123456');
INSERT INTO "column_mapping" VALUES('ccb9e3e811d564ad50c0a1b7ce078fd1','24cb141ea4c1ed35e46536c83b5d76af','column_mapping.name 1: «œ» ''quoted'' "twice" ;--','0bcfe2a3bf07a59d10b47fd4ccc0360d1d345ab70df6f3240e5d43cc147e7e83','{"number": 1}','2024-03-01 23:59:58.123456');
CREATE TABLE credential (
	source_id VARCHAR(32) NOT NULL, 
	field VARCHAR(40) NOT NULL, 
	ciphertext TEXT NOT NULL, 
	key_id VARCHAR(16) NOT NULL, 
	hint VARCHAR(4) NOT NULL, 
	set_at DATETIME NOT NULL, 
	PRIMARY KEY (source_id, field), 
	FOREIGN KEY(source_id) REFERENCES source (id) ON DELETE CASCADE
);
INSERT INTO "credential" VALUES('2cc769f40d6f41321649bc368e4f4687','api_key','gAAAAABrBJO2ys4edLFDwnCgB6SaDTXlqOhqL1738huVFPOUOIQPGHbe2Lvd-OQn2QMAXjg5yY3UFQMWWMKJrbQB_fM1jhyl8nBnkwP8tZBRrOK-CWQof6U=','6ba659742e025c17','ce 0','2024-02-29 23:59:58.123456');
INSERT INTO "credential" VALUES('b90ac4cb8d58789839398e15af03675e','api_key','gAAAAABrBJO2OtOdtr9yuXniM4Nyva7LOu36wo5ArGOn6SRlxS8zhc0WLd3Nsh17HFF09jFDIYjzePmn84fV1MBY0dZYHUpj3oElci1KULxYGIHvvKDC-mo=','6ba659742e025c17','ce 1','2024-03-01 23:59:58.123456');
CREATE TABLE fx_rate (
	currency VARCHAR(8) NOT NULL, 
	day DATE NOT NULL, 
	provider VARCHAR(40) NOT NULL, 
	rate VARCHAR(80) NOT NULL, 
	fetched_at DATETIME NOT NULL, 
	PRIMARY KEY (currency, day, provider)
);
INSERT INTO "fx_rate" VALUES('EUR','2024-02-28','kraken_csv','1234.567890123456789012','2024-02-29 23:59:58.123456');
INSERT INTO "fx_rate" VALUES('USD','2024-02-29','binance_csv','0.000000000000000001','2024-03-01 23:59:58.123456');
CREATE TABLE health_dismissal (
	finding VARCHAR(400) NOT NULL, 
	"by" VARCHAR(80) NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (finding)
);
INSERT INTO "health_dismissal" VALUES('health_dismissal.finding 0: «œ» ''quoted'' "twice" ;--','group','2024-02-29 23:59:58.123456');
INSERT INTO "health_dismissal" VALUES('health_dismissal.finding 1: «œ» ''quoted'' "twice" ;--','asset','2024-03-01 23:59:58.123456');
CREATE TABLE import_batch (
	id VARCHAR(32) NOT NULL, 
	user_id VARCHAR(32) NOT NULL, 
	source_id VARCHAR(32) NOT NULL, 
	file_id VARCHAR(32), 
	format VARCHAR(60) NOT NULL, 
	rows INTEGER NOT NULL, 
	added INTEGER NOT NULL, 
	duplicates INTEGER NOT NULL, 
	rejected INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	undone_at DATETIME, 
	PRIMARY KEY (id), 
	FOREIGN KEY(file_id) REFERENCES source_file (id) ON DELETE SET NULL, 
	FOREIGN KEY(source_id) REFERENCES source (id) ON DELETE CASCADE, 
	FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE
);
INSERT INTO "import_batch" VALUES('661eedd6b4d15704835f38b2eb1ccaad','dcb895aa16d436b2341df8c549eb0b05','2cc769f40d6f41321649bc368e4f4687','b6391328d2ec0db052cf8405a8d4e3ef','kraken_ledger',1,1,1,1,'2024-02-29 23:59:58.123456','2024-02-29 23:59:58.123456');
INSERT INTO "import_batch" VALUES('a0d64c15fe3b90e36678d67f501b889d','24cb141ea4c1ed35e46536c83b5d76af','b90ac4cb8d58789839398e15af03675e',NULL,'binance_trades',2,2,2,2,'2024-03-01 23:59:58.123456',NULL);
CREATE TABLE kept_work (
	id VARCHAR(32) NOT NULL, 
	user_id VARCHAR(32) NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	made_at DATETIME NOT NULL, 
	told TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE
);
INSERT INTO "kept_work" VALUES('71b3b189c22bf9b12d17fe0715cde081','dcb895aa16d436b2341df8c549eb0b05','trade','2024-02-29 23:59:58.123456','kept_work.told 0: «œ» ''quoted'' "twice" ;--');
INSERT INTO "kept_work" VALUES('6d3351096068ae1e3a99c8366bc62ba5','24cb141ea4c1ed35e46536c83b5d76af','deposit','2024-03-01 23:59:58.123456','kept_work.told 1: «œ» ''quoted'' "twice" ;--');
CREATE TABLE latest_price (
	owner VARCHAR(32) NOT NULL, 
	asset VARCHAR(80) NOT NULL, 
	currency VARCHAR(8) NOT NULL, 
	at DATETIME NOT NULL, 
	provider VARCHAR(40) NOT NULL, 
	price VARCHAR(80) NOT NULL, 
	batch_id VARCHAR(32), 
	PRIMARY KEY (owner, asset, currency, at, provider), 
	FOREIGN KEY(batch_id) REFERENCES import_batch (id) ON DELETE CASCADE
);
INSERT INTO "latest_price" VALUES('','crypto:BTC','EUR','2024-02-29 23:59:58.123456','kraken_csv','1234.567890123456789012','661eedd6b4d15704835f38b2eb1ccaad');
INSERT INTO "latest_price" VALUES('','crypto:ETH','USD','2024-03-01 23:59:58.123456','binance_csv','0.000000000000000001',NULL);
CREATE TABLE ledger_change (
	user_id VARCHAR(32) NOT NULL, 
	revision INTEGER NOT NULL, 
	transactions TEXT NOT NULL, 
	price_days TEXT, 
	PRIMARY KEY (user_id, revision), 
	FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE
);
INSERT INTO "ledger_change" VALUES('dcb895aa16d436b2341df8c549eb0b05',1,'ledger_change.transactions 0: «œ» ''quoted'' "twice" ;--','ledger_change.price_days 0: «œ» ''quoted'' "twice" ;--');
INSERT INTO "ledger_change" VALUES('24cb141ea4c1ed35e46536c83b5d76af',2,'ledger_change.transactions 1: «œ» ''quoted'' "twice" ;--',NULL);
CREATE TABLE market_signal (
	signal VARCHAR(24) NOT NULL, 
	subject VARCHAR(24) NOT NULL, 
	at DATETIME NOT NULL, 
	value VARCHAR(80) NOT NULL, 
	word VARCHAR(40) NOT NULL, 
	provider VARCHAR(40) NOT NULL, 
	heard_at DATETIME NOT NULL, 
	PRIMARY KEY (signal, subject, at)
);
INSERT INTO "market_signal" VALUES('market_signal.signal 0: ','market_signal.subject 0:','2024-02-29 23:59:58.123456','1234.567890123456789012','market_signal.word 0: «œ» ''quoted'' "twic','fear_greed','2024-02-29 23:59:58.123456');
INSERT INTO "market_signal" VALUES('market_signal.signal 1: ','market_signal.subject 1:','2024-03-01 23:59:58.123456','0.000000000000000001','market_signal.word 1: «œ» ''quoted'' "twic','binance','2024-03-01 23:59:58.123456');
CREATE TABLE nonce (
	provider VARCHAR(40) NOT NULL, 
	key_id VARCHAR(16) NOT NULL, 
	value BIGINT NOT NULL, 
	PRIMARY KEY (provider, key_id)
);
INSERT INTO "nonce" VALUES('kraken_csv','c2863d6a935933b2',1);
INSERT INTO "nonce" VALUES('binance_csv','bde8eb9c5e283dcd',2);
CREATE TABLE outbound_call (
	id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	provider VARCHAR(40) NOT NULL, 
	key_id VARCHAR(16) NOT NULL, 
	host VARCHAR(255) NOT NULL, 
	path VARCHAR(500) NOT NULL, 
	outcome VARCHAR(20) NOT NULL, 
	status INTEGER, 
	ms INTEGER NOT NULL, 
	size INTEGER NOT NULL, 
	paused_until DATETIME, 
	PRIMARY KEY (id)
);
INSERT INTO "outbound_call" VALUES(1,'2024-02-29 23:59:58.123456','kraken_csv','68ad1d683cbac0dd','outbound_call.host 0: «œ» ''quoted'' "twice" ;--','outbound_call.path 0: «œ» ''quoted'' "twice" ;--','ok',1,1,1,'2024-02-29 23:59:58.123456');
INSERT INTO "outbound_call" VALUES(2,'2024-03-01 23:59:58.123456','binance_csv','5faccbe14c95e8f8','outbound_call.host 1: «œ» ''quoted'' "twice" ;--','outbound_call.path 1: «œ» ''quoted'' "twice" ;--','failed',NULL,2,2,NULL);
CREATE TABLE price (
	id INTEGER NOT NULL, 
	owner VARCHAR(32) NOT NULL, 
	asset VARCHAR(80) NOT NULL, 
	currency VARCHAR(8) NOT NULL, 
	day DATE NOT NULL, 
	provider VARCHAR(40) NOT NULL, 
	price VARCHAR(80) NOT NULL, 
	at DATETIME NOT NULL, 
	batch_id VARCHAR(32), 
	PRIMARY KEY (id), 
	FOREIGN KEY(batch_id) REFERENCES import_batch (id) ON DELETE CASCADE
);
INSERT INTO "price" VALUES(1,'','crypto:BTC','EUR','2024-02-28','kraken_csv','1234.567890123456789012','2024-02-29 23:59:58.123456','661eedd6b4d15704835f38b2eb1ccaad');
INSERT INTO "price" VALUES(2,'','crypto:ETH','USD','2024-02-29','binance_csv','0.000000000000000001','2024-03-01 23:59:58.123456',NULL);
CREATE TABLE price_history (
	owner VARCHAR(32) NOT NULL, 
	asset VARCHAR(80) NOT NULL, 
	provider VARCHAR(40) NOT NULL, 
	coin VARCHAR(120) NOT NULL, 
	first DATE NOT NULL, 
	asked_at DATETIME NOT NULL, 
	PRIMARY KEY (owner, asset, provider)
);
INSERT INTO "price_history" VALUES('','crypto:BTC','kraken_csv','price_history.coin 0: «œ» ''quoted'' "twice" ;--','2024-02-28','2024-02-29 23:59:58.123456');
INSERT INTO "price_history" VALUES('','crypto:ETH','binance_csv','price_history.coin 1: «œ» ''quoted'' "twice" ;--','2024-02-29','2024-03-01 23:59:58.123456');
CREATE TABLE price_listing (
	owner VARCHAR(32) NOT NULL, 
	asset VARCHAR(80) NOT NULL, 
	provider VARCHAR(40) NOT NULL, 
	symbol VARCHAR(40) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	exchange VARCHAR(60) NOT NULL, 
	currency VARCHAR(8) NOT NULL, 
	checked_at DATETIME NOT NULL, 
	next_at DATETIME, 
	PRIMARY KEY (owner, asset, provider)
);
INSERT INTO "price_listing" VALUES('','crypto:BTC','kraken_csv','BTC','price_listing.name 0: «œ» ''quoted'' "twice" ;--','price_listing.exchange 0: «œ» ''quoted'' "twice" ;--','EUR','2024-02-29 23:59:58.123456','2024-02-29 23:59:58.123456');
INSERT INTO "price_listing" VALUES('','crypto:ETH','binance_csv','ETH','price_listing.name 1: «œ» ''quoted'' "twice" ;--','price_listing.exchange 1: «œ» ''quoted'' "twice" ;--','USD','2024-03-01 23:59:58.123456',NULL);
CREATE TABLE price_witness (
	owner VARCHAR(32) NOT NULL, 
	asset VARCHAR(80) NOT NULL, 
	provider VARCHAR(40) NOT NULL, 
	day DATE NOT NULL, 
	currency VARCHAR(8) NOT NULL, 
	price VARCHAR(80) NOT NULL, 
	at DATETIME NOT NULL, 
	verdict VARCHAR(16) NOT NULL, 
	expected VARCHAR(80), 
	against VARCHAR(80) NOT NULL, 
	since DATETIME NOT NULL, 
	heard_at DATETIME NOT NULL, 
	PRIMARY KEY (owner, asset, provider, day)
);
INSERT INTO "price_witness" VALUES('','crypto:BTC','kraken_csv','2024-02-28','EUR','1234.567890123456789012','2024-02-29 23:59:58.123456','fits','1234.567890123456789012','price_witness.against 0: «œ» ''quoted'' "twice" ;--','2024-02-29 23:59:58.123456','2024-02-29 23:59:58.123456');
INSERT INTO "price_witness" VALUES('','crypto:ETH','binance_csv','2024-02-29','USD','0.000000000000000001','2024-03-01 23:59:58.123456','doubted',NULL,'price_witness.against 1: «œ» ''quoted'' "twice" ;--','2024-03-01 23:59:58.123456','2024-03-01 23:59:58.123456');
CREATE TABLE process_report (
	id VARCHAR(32) NOT NULL, 
	host VARCHAR(120) NOT NULL, 
	pid INTEGER NOT NULL, 
	version VARCHAR(40) NOT NULL, 
	started_at DATETIME NOT NULL, 
	seen_at DATETIME NOT NULL, 
	report TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "process_report" VALUES('9e3c25a43307471a8c72304a697e8f11','process_report.host 0: «œ» ''quoted'' "twice" ;--',1,'process_report.version 0: «œ» ''quoted'' "','2024-02-29 23:59:58.123456','2024-02-29 23:59:58.123456','{"allowed": 1, "limited": 0, "top": [], "violations": [], "jobs": [], "skew": null}');
INSERT INTO "process_report" VALUES('2309833e70aa8859f6657d0d89dc14cd','process_report.host 1: «œ» ''quoted'' "twice" ;--',2,'process_report.version 1: «œ» ''quoted'' "','2024-03-01 23:59:58.123456','2024-03-01 23:59:58.123456','{"allowed": 1, "limited": 0, "top": [], "violations": [], "jobs": [], "skew": null}');
CREATE TABLE provider_state (
	provider VARCHAR(40) NOT NULL, 
	revision INTEGER NOT NULL, 
	tried_at DATETIME, 
	succeeded_at DATETIME, 
	error VARCHAR(80) NOT NULL, 
	retry_at DATETIME, 
	PRIMARY KEY (provider)
);
INSERT INTO "provider_state" VALUES('coingecko',1,'2024-02-29 23:59:58.123456','2024-02-29 23:59:58.123456','','2024-02-29 23:59:58.123456');
INSERT INTO "provider_state" VALUES('ecb',2,NULL,NULL,'provider.unreachable',NULL);
CREATE TABLE rebalance_lock (
	user_id VARCHAR(32) NOT NULL, 
	asset VARCHAR(120) NOT NULL, 
	PRIMARY KEY (user_id, asset), 
	FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE
);
INSERT INTO "rebalance_lock" VALUES('dcb895aa16d436b2341df8c549eb0b05','crypto:BTC');
INSERT INTO "rebalance_lock" VALUES('24cb141ea4c1ed35e46536c83b5d76af','crypto:ETH');
CREATE TABLE rebalance_plan (
	user_id VARCHAR(32) NOT NULL, 
	"by" VARCHAR(16) NOT NULL, 
	band_absolute VARCHAR(80), 
	band_relative VARCHAR(80), 
	minimum VARCHAR(80) NOT NULL, 
	lot_choice VARCHAR(16) NOT NULL, 
	tax_short VARCHAR(80) NOT NULL, 
	tax_long VARCHAR(80) NOT NULL, 
	PRIMARY KEY (user_id), 
	FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE
);
INSERT INTO "rebalance_plan" VALUES('dcb895aa16d436b2341df8c549eb0b05','group','1234.567890123456789012','1234.567890123456789012','1234.567890123456789012','hifo','1234.567890123456789012','1234.567890123456789012');
INSERT INTO "rebalance_plan" VALUES('24cb141ea4c1ed35e46536c83b5d76af','asset',NULL,NULL,'0.000000000000000001','fifo','0.000000000000000001','0.000000000000000001');
CREATE TABLE rebalance_target (
	user_id VARCHAR(32) NOT NULL, 
	"key" VARCHAR(120) NOT NULL, 
	weight VARCHAR(80) NOT NULL, 
	PRIMARY KEY (user_id, "key"), 
	FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE
);
INSERT INTO "rebalance_target" VALUES('dcb895aa16d436b2341df8c549eb0b05','rebalance_target.key 0: «œ» ''quoted'' "twice" ;--','1234.567890123456789012');
INSERT INTO "rebalance_target" VALUES('24cb141ea4c1ed35e46536c83b5d76af','rebalance_target.key 1: «œ» ''quoted'' "twice" ;--','0.000000000000000001');
CREATE TABLE rebalance_venue (
	source_id VARCHAR(32) NOT NULL, 
	user_id VARCHAR(32) NOT NULL, 
	rate VARCHAR(80) NOT NULL, 
	fixed VARCHAR(80) NOT NULL, 
	locked BOOLEAN NOT NULL, 
	whole BOOLEAN NOT NULL, 
	PRIMARY KEY (source_id), 
	FOREIGN KEY(source_id) REFERENCES source (id) ON DELETE CASCADE, 
	FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE
);
INSERT INTO "rebalance_venue" VALUES('2cc769f40d6f41321649bc368e4f4687','dcb895aa16d436b2341df8c549eb0b05','1234.567890123456789012','1234.567890123456789012',0,0);
INSERT INTO "rebalance_venue" VALUES('b90ac4cb8d58789839398e15af03675e','24cb141ea4c1ed35e46536c83b5d76af','0.000000000000000001','0.000000000000000001',1,1);
CREATE TABLE security_event (
	provider VARCHAR(40) NOT NULL, 
	symbol VARCHAR(40) NOT NULL, 
	kind VARCHAR(12) NOT NULL, 
	day DATE NOT NULL, 
	amount VARCHAR(80) NOT NULL, 
	currency VARCHAR(8) NOT NULL, 
	PRIMARY KEY (provider, symbol, kind, day)
);
INSERT INTO "security_event" VALUES('kraken_csv','BTC','trade','2024-02-28','1234.567890123456789012','EUR');
INSERT INTO "security_event" VALUES('binance_csv','ETH','deposit','2024-02-29','0.000000000000000001','USD');
CREATE TABLE session (
	token_hash VARCHAR(64) NOT NULL, 
	user_id VARCHAR(32) NOT NULL, 
	device VARCHAR(200) NOT NULL, 
	address VARCHAR(64) NOT NULL, 
	created_at DATETIME NOT NULL, 
	seen_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	PRIMARY KEY (token_hash), 
	FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE
);
INSERT INTO "session" VALUES('21bd330f0f6d5e91171064e7e00d4865d62fa10267406e03aa7e66db49a9b260','dcb895aa16d436b2341df8c549eb0b05','session.device 0: «œ» ''quoted'' "twice" ;--','192.0.2.1','2024-02-29 23:59:58.123456','2024-02-29 23:59:58.123456','2024-02-29 23:59:58.123456');
INSERT INTO "session" VALUES('328f7bc42281c89554f20a18b24fa6ddfdcd9c1e4aa36dfb976291eb7d996d96','24cb141ea4c1ed35e46536c83b5d76af','session.device 1: «œ» ''quoted'' "twice" ;--','2001:db8::1','2024-03-01 23:59:58.123456','2024-03-01 23:59:58.123456','2024-03-01 23:59:58.123456');
CREATE TABLE setup_link (
	token_hash VARCHAR(64) NOT NULL, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (token_hash)
);
INSERT INTO "setup_link" VALUES('69b36d3f3e1e754082be063b9479dc1cae4faa89745b7763bc996082b77f8781','2024-02-29 23:59:58.123456');
INSERT INTO "setup_link" VALUES('949b3cd50489835d14eadef356f0f3d7123eb5cdf793f3449e8f78ca87ca281c','2024-03-01 23:59:58.123456');
CREATE TABLE snapshot (
	user_id VARCHAR(32) NOT NULL, 
	scope VARCHAR(250) NOT NULL, 
	day DATE NOT NULL, 
	currency VARCHAR(8) NOT NULL, 
	taken_at DATETIME NOT NULL, 
	total VARCHAR(80) NOT NULL, 
	crypto VARCHAR(80), 
	stocks VARCHAR(80), 
	wealth VARCHAR(80), 
	priced INTEGER NOT NULL, 
	unpriced INTEGER NOT NULL, 
	stale INTEGER NOT NULL, 
	PRIMARY KEY (user_id, scope, day, currency), 
	FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE
);
INSERT INTO "snapshot" VALUES('dcb895aa16d436b2341df8c549eb0b05','all','2024-02-28','EUR','2024-02-29 23:59:58.123456','1234.567890123456789012','1234.567890123456789012','1234.567890123456789012','1234.567890123456789012',1,1,1);
INSERT INTO "snapshot" VALUES('24cb141ea4c1ed35e46536c83b5d76af','all','2024-02-29','USD','2024-03-01 23:59:58.123456','0.000000000000000001',NULL,NULL,NULL,2,2,2);
CREATE TABLE source (
	id VARCHAR(32) NOT NULL, 
	user_id VARCHAR(32) NOT NULL, 
	"key" VARCHAR(80) NOT NULL, 
	provider VARCHAR(40) NOT NULL, 
	label VARCHAR(120) NOT NULL, 
	category VARCHAR(16) NOT NULL, 
	active BOOLEAN NOT NULL, 
	config TEXT NOT NULL, 
	last_sync DATETIME, 
	last_error VARCHAR(500) NOT NULL, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE, 
	UNIQUE (user_id, "key")
);
INSERT INTO "source" VALUES('2cc769f40d6f41321649bc368e4f4687','dcb895aa16d436b2341df8c549eb0b05','source.key 0: «œ» ''quoted'' "twice" ;--','kraken_csv','','crypto',0,'{"number": 0}','2024-02-29 23:59:58.123456','source.last_error 0: «œ» ''quoted'' "twice" ;--','2024-02-29 23:59:58.123456');
INSERT INTO "source" VALUES('b90ac4cb8d58789839398e15af03675e','24cb141ea4c1ed35e46536c83b5d76af','source.key 1: «œ» ''quoted'' "twice" ;--','binance_csv','My own name','crypto',1,'{"number": 1}',NULL,'source.last_error 1: «œ» ''quoted'' "twice" ;--','2024-03-01 23:59:58.123456');
CREATE TABLE source_file (
	id VARCHAR(32) NOT NULL, 
	user_id VARCHAR(32) NOT NULL, 
	source_id VARCHAR(32) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	size INTEGER NOT NULL, 
	format VARCHAR(60) NOT NULL, 
	uploaded_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(source_id) REFERENCES source (id) ON DELETE CASCADE, 
	FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE
);
INSERT INTO "source_file" VALUES('b6391328d2ec0db052cf8405a8d4e3ef','dcb895aa16d436b2341df8c549eb0b05','2cc769f40d6f41321649bc368e4f4687','source_file.name 0: «œ» ''quoted'' "twice" ;--','1e6344d020fa84db722cd300c87c73c8cf90f372e52faef76e5d7aaf2efbbc72',1,'kraken_ledger','2024-02-29 23:59:58.123456');
INSERT INTO "source_file" VALUES('3ba88764603536b00ceac40c16c161fa','24cb141ea4c1ed35e46536c83b5d76af','b90ac4cb8d58789839398e15af03675e','source_file.name 1: «œ» ''quoted'' "twice" ;--','c8934c4de86f901c526129cd1a79f129f487f745e84b34495b047f852a773bbf',2,'binance_trades','2024-03-01 23:59:58.123456');
CREATE TABLE statement (
	id VARCHAR(32) NOT NULL, 
	user_id VARCHAR(32) NOT NULL, 
	source_id VARCHAR(32) NOT NULL, 
	batch_id VARCHAR(32), 
	as_of DATETIME NOT NULL, 
	format VARCHAR(60) NOT NULL, 
	has_accounts BOOLEAN NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(batch_id) REFERENCES import_batch (id) ON DELETE CASCADE, 
	FOREIGN KEY(source_id) REFERENCES source (id) ON DELETE CASCADE, 
	FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE
);
INSERT INTO "statement" VALUES('ab8a0217dbbdc82d6a96623effa9ecca','dcb895aa16d436b2341df8c549eb0b05','2cc769f40d6f41321649bc368e4f4687','661eedd6b4d15704835f38b2eb1ccaad','2024-02-29 23:59:58.123456','kraken_ledger',0);
INSERT INTO "statement" VALUES('ada6271254241a1e3f8d1b06b4607aa3','24cb141ea4c1ed35e46536c83b5d76af','b90ac4cb8d58789839398e15af03675e',NULL,'2024-03-01 23:59:58.123456','binance_trades',1);
CREATE TABLE sync_run (
	id VARCHAR(32) NOT NULL, 
	user_id VARCHAR(32) NOT NULL, 
	source_id VARCHAR(32) NOT NULL, 
	batch_id VARCHAR(32), 
	state VARCHAR(12) NOT NULL, 
	"trigger" VARCHAR(12) NOT NULL, 
	started_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	finished_at DATETIME, 
	begun_with TEXT NOT NULL, 
	cancel_wanted BOOLEAN NOT NULL, 
	label VARCHAR(80) NOT NULL, 
	done INTEGER NOT NULL, 
	total INTEGER NOT NULL, 
	pages INTEGER NOT NULL, 
	added INTEGER NOT NULL, 
	duplicates INTEGER NOT NULL, 
	positions INTEGER NOT NULL, 
	effect TEXT NOT NULL, 
	warnings TEXT NOT NULL, 
	error VARCHAR(80) NOT NULL, 
	error_params TEXT NOT NULL, 
	retry_at DATETIME, untold TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(batch_id) REFERENCES import_batch (id) ON DELETE SET NULL, 
	FOREIGN KEY(source_id) REFERENCES source (id) ON DELETE CASCADE, 
	FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE
);
INSERT INTO "sync_run" VALUES('d3a25bc13010980be888673a181827f7','dcb895aa16d436b2341df8c549eb0b05','2cc769f40d6f41321649bc368e4f4687','661eedd6b4d15704835f38b2eb1ccaad','done','manual','2024-02-29 23:59:58.123456','2024-02-29 23:59:58.123456','2024-02-29 23:59:58.123456','{"number": 0}',0,'sync_run.label 0: «œ» ''quoted'' "twice" ;--',1,1,1,1,1,1,'{"number": 0}','[]','','{"number": 0}','2024-02-29 23:59:58.123456','sync_run.untold 0: «œ» ''quoted'' "twice" ;--');
INSERT INTO "sync_run" VALUES('c1513940aad706282a80a9ff14533347','24cb141ea4c1ed35e46536c83b5d76af','b90ac4cb8d58789839398e15af03675e',NULL,'failed','due','2024-03-01 23:59:58.123456','2024-03-01 23:59:58.123456',NULL,'{"number": 1}',1,'sync_run.label 1: «œ» ''quoted'' "twice" ;--',2,2,2,2,2,2,'{"number": 1}','[]','provider.unreachable','{"number": 1}',NULL,'sync_run.untold 1: «œ» ''quoted'' "twice" ;--');
CREATE TABLE sync_state (
	source_id VARCHAR(32) NOT NULL, 
	user_id VARCHAR(32) NOT NULL, 
	cursor TEXT NOT NULL, 
	every_minutes INTEGER NOT NULL, 
	next_at DATETIME, 
	owner VARCHAR(120) NOT NULL, 
	owner_until DATETIME, 
	failures INTEGER NOT NULL, 
	error VARCHAR(80) NOT NULL, 
	error_params TEXT NOT NULL, 
	tried_at DATETIME, 
	succeeded_at DATETIME, 
	account VARCHAR(120) NOT NULL, 
	may_trade BOOLEAN, 
	may_withdraw BOOLEAN, 
	checked_at DATETIME, 
	PRIMARY KEY (source_id), 
	FOREIGN KEY(source_id) REFERENCES source (id) ON DELETE CASCADE, 
	FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE
);
INSERT INTO "sync_state" VALUES('2cc769f40d6f41321649bc368e4f4687','dcb895aa16d436b2341df8c549eb0b05','{"number": 0}',1,'2024-02-29 23:59:58.123456','','2024-02-29 23:59:58.123456',1,'','{"number": 0}','2024-02-29 23:59:58.123456','2024-02-29 23:59:58.123456','Main',0,0,'2024-02-29 23:59:58.123456');
INSERT INTO "sync_state" VALUES('b90ac4cb8d58789839398e15af03675e','24cb141ea4c1ed35e46536c83b5d76af','{"number": 1}',2,NULL,'host:1:abc',NULL,2,'provider.unreachable','{"number": 1}',NULL,NULL,'',NULL,NULL,NULL);
CREATE TABLE "transaction" (
	id INTEGER NOT NULL, 
	user_id VARCHAR(32) NOT NULL, 
	source_id VARCHAR(32) NOT NULL, 
	batch_id VARCHAR(32), 
	at DATETIME NOT NULL, 
	kind VARCHAR(20) NOT NULL, 
	received_asset VARCHAR(80), 
	received_quantity VARCHAR(80), 
	sent_asset VARCHAR(80), 
	sent_quantity VARCHAR(80), 
	fee_asset VARCHAR(80), 
	fee_quantity VARCHAR(80), 
	value_asset VARCHAR(80), 
	value_quantity VARCHAR(80), 
	about VARCHAR(80) NOT NULL, 
	account VARCHAR(120) NOT NULL, 
	group_name VARCHAR(200) NOT NULL, 
	note TEXT NOT NULL, 
	external_id VARCHAR(200) NOT NULL, 
	fingerprint VARCHAR(32) NOT NULL, 
	"row" INTEGER NOT NULL, 
	raw TEXT NOT NULL, 
	edited_at DATETIME, 
	deleted_at DATETIME, 
	PRIMARY KEY (id), 
	FOREIGN KEY(batch_id) REFERENCES import_batch (id) ON DELETE CASCADE, 
	FOREIGN KEY(source_id) REFERENCES source (id) ON DELETE CASCADE, 
	FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE
);
INSERT INTO "transaction" VALUES(1,'dcb895aa16d436b2341df8c549eb0b05','2cc769f40d6f41321649bc368e4f4687','661eedd6b4d15704835f38b2eb1ccaad','2024-02-29 23:59:58.123456','trade','crypto:BTC','1234.567890123456789012','fiat:EUR','500','fiat:EUR','1234.567890123456789012','fiat:EUR','1234.567890123456789012','','Main','transaction.group_name 0: «œ» ''quoted'' "twice" ;--','transaction.note 0: «œ» ''quoted'' "twice" ;--','transaction.external_id 0: «œ» ''quoted'' "twice" ;--','288a0adc55e3a7e6f7156007ef98b31f',1,'transaction.raw 0: «œ» ''quoted'' "twice" ;--','2024-02-29 23:59:58.123456','2024-02-29 23:59:58.123456');
INSERT INTO "transaction" VALUES(2,'24cb141ea4c1ed35e46536c83b5d76af','b90ac4cb8d58789839398e15af03675e',NULL,'2024-03-01 23:59:58.123456','deposit','crypto:ETH',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'','','transaction.group_name 1: «œ» ''quoted'' "twice" ;--','transaction.note 1: «œ» ''quoted'' "twice" ;--','transaction.external_id 1: «œ» ''quoted'' "twice" ;--','9025e1af1cfcdeed4e4f1b9d5bf9bd63',2,'transaction.raw 1: «œ» ''quoted'' "twice" ;--',NULL,NULL);
CREATE TABLE transfer_decision (
	withdrawal_id INTEGER NOT NULL, 
	user_id VARCHAR(32) NOT NULL, 
	deposit_id INTEGER, 
	decided_at DATETIME NOT NULL, 
	PRIMARY KEY (withdrawal_id), 
	FOREIGN KEY(deposit_id) REFERENCES "transaction" (id) ON DELETE CASCADE, 
	FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE, 
	FOREIGN KEY(withdrawal_id) REFERENCES "transaction" (id) ON DELETE CASCADE, 
	UNIQUE (deposit_id)
);
INSERT INTO "transfer_decision" VALUES(1,'dcb895aa16d436b2341df8c549eb0b05',1,'2024-02-29 23:59:58.123456');
INSERT INTO "transfer_decision" VALUES(2,'24cb141ea4c1ed35e46536c83b5d76af',NULL,'2024-03-01 23:59:58.123456');
CREATE TABLE user (
	id VARCHAR(32) NOT NULL, 
	name VARCHAR(80) NOT NULL, 
	password_hash VARCHAR NOT NULL, 
	is_admin BOOLEAN NOT NULL, 
	is_demo BOOLEAN NOT NULL, 
	disabled BOOLEAN NOT NULL, 
	revision INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, revised_by_hand INTEGER DEFAULT '0' NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "user" VALUES('dcb895aa16d436b2341df8c549eb0b05','person-0','$argon2id$v=19$m=65536,t=3,p=4$uhBouPuSC157YJi0mpaWeQ$vkyoataHVTlDRmfFh51lnZbxj4O1lli7W6s4phvj+Eg',1,0,0,1,'2024-02-29 23:59:58.123456',1);
INSERT INTO "user" VALUES('24cb141ea4c1ed35e46536c83b5d76af','person-1','$argon2id$v=19$m=65536,t=3,p=4$BY+6VhmWAp70edkwu2PWMQ$QkBIsVJKOsd6rHJSwNEyv4J92DWsC4L4QmXPulsfe0k',0,0,0,2,'2024-03-01 23:59:58.123456',2);
CREATE TABLE "user_settings" (
	user_id VARCHAR(32) NOT NULL, 
	base_currency VARCHAR(8) NOT NULL, 
	language VARCHAR(8) NOT NULL, 
	theme VARCHAR(8) NOT NULL, 
	time_zone VARCHAR(64) NOT NULL, 
	number_style VARCHAR(16) NOT NULL, 
	small_balance_threshold VARCHAR(80) NOT NULL, 
	cost_basis_method VARCHAR(16) NOT NULL, 
	pnl_anchor VARCHAR(16) NOT NULL, 
	privacy BOOLEAN NOT NULL, 
	scope_crypto VARCHAR(80) NOT NULL, 
	scope_stocks VARCHAR(80) NOT NULL, 
	scope_wealth VARCHAR(80) NOT NULL, 
	cost_basis_pooling VARCHAR(16) NOT NULL, 
	cost_basis_years VARCHAR(2000) NOT NULL, 
	long_term_rule VARCHAR(8) NOT NULL, 
	PRIMARY KEY (user_id), 
	FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE
);
INSERT INTO "user_settings" VALUES('dcb895aa16d436b2341df8c549eb0b05','EUR','en','dark','Europe/Paris','language','1234.567890123456789012','fifo','midnight',0,'all','all','all','global','','365d');
INSERT INTO "user_settings" VALUES('24cb141ea4c1ed35e46536c83b5d76af','USD','fr','light','UTC','1,234.56','0.000000000000000001','lifo','snapshot',1,'all','all','all','source','2023=lifo','1y');
CREATE TABLE wealth_item (
	id VARCHAR(32) NOT NULL, 
	user_id VARCHAR(32) NOT NULL, 
	source_id VARCHAR(32) NOT NULL, 
	kind VARCHAR(24) NOT NULL, 
	name VARCHAR(120) NOT NULL, 
	currency VARCHAR(8) NOT NULL, 
	note TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	closed_on DATE, 
	PRIMARY KEY (id), 
	FOREIGN KEY(source_id) REFERENCES source (id) ON DELETE CASCADE, 
	FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE
);
INSERT INTO "wealth_item" VALUES('0f56be256083440f3722d7dc065ec6d8','dcb895aa16d436b2341df8c549eb0b05','2cc769f40d6f41321649bc368e4f4687','real_estate','wealth_item.name 0: «œ» ''quoted'' "twice" ;--','EUR','wealth_item.note 0: «œ» ''quoted'' "twice" ;--','2024-02-29 23:59:58.123456','2024-02-28');
INSERT INTO "wealth_item" VALUES('e0c45ce2bc94b390d689a369d2c61f43','24cb141ea4c1ed35e46536c83b5d76af','b90ac4cb8d58789839398e15af03675e','mortgage','wealth_item.name 1: «œ» ''quoted'' "twice" ;--','USD','wealth_item.note 1: «œ» ''quoted'' "twice" ;--','2024-03-01 23:59:58.123456',NULL);
CREATE TABLE wealth_valuation (
	item_id VARCHAR(32) NOT NULL, 
	day DATE NOT NULL, 
	value VARCHAR(80) NOT NULL, 
	note VARCHAR(200) NOT NULL, 
	PRIMARY KEY (item_id, day), 
	FOREIGN KEY(item_id) REFERENCES wealth_item (id) ON DELETE CASCADE
);
INSERT INTO "wealth_valuation" VALUES('0f56be256083440f3722d7dc065ec6d8','2024-02-28','1234.567890123456789012','wealth_valuation.note 0: «œ» ''quoted'' "twice" ;--');
INSERT INTO "wealth_valuation" VALUES('e0c45ce2bc94b390d689a369d2c61f43','2024-02-29','0.000000000000000001','wealth_valuation.note 1: «œ» ''quoted'' "twice" ;--');
CREATE INDEX ix_asset_symbol ON asset (symbol);
CREATE INDEX ix_audit_entry_user_id ON audit_entry (user_id);
CREATE INDEX ix_outbound_call_at ON outbound_call (at);
CREATE INDEX ix_outbound_call_provider_at ON outbound_call (provider, at);
CREATE UNIQUE INDEX ix_user_name ON user (name);
CREATE UNIQUE INDEX ix_api_token_token_hash ON api_token (token_hash);
CREATE INDEX ix_api_token_user_id ON api_token (user_id);
CREATE INDEX ix_column_mapping_headers_hash ON column_mapping (headers_hash);
CREATE INDEX ix_column_mapping_user_id ON column_mapping (user_id);
CREATE INDEX ix_session_user_id ON session (user_id);
CREATE INDEX ix_source_user_id ON source (user_id);
CREATE INDEX ix_source_file_sha256 ON source_file (sha256);
CREATE INDEX ix_source_file_source_id ON source_file (source_id);
CREATE INDEX ix_source_file_user_id ON source_file (user_id);
CREATE INDEX ix_wealth_item_source_id ON wealth_item (source_id);
CREATE INDEX ix_wealth_item_user_id ON wealth_item (user_id);
CREATE INDEX ix_import_batch_source_id ON import_batch (source_id);
CREATE INDEX ix_import_batch_user_id ON import_batch (user_id);
CREATE INDEX ix_latest_price_batch_id ON latest_price (batch_id);
CREATE INDEX ix_price_asset_day ON price (asset, day);
CREATE INDEX ix_price_batch_id ON price (batch_id);
CREATE UNIQUE INDEX uq_price_batch ON price (batch_id, asset, currency, day, provider) WHERE batch_id IS NOT NULL;
CREATE UNIQUE INDEX uq_price_observer ON price (owner, asset, currency, day, provider) WHERE batch_id IS NULL;
CREATE INDEX ix_statement_batch_id ON statement (batch_id);
CREATE INDEX ix_statement_source_id ON statement (source_id);
CREATE INDEX ix_statement_user_id ON statement (user_id);
CREATE INDEX ix_transaction_batch_id ON "transaction" (batch_id);
CREATE INDEX ix_transaction_source ON "transaction" (source_id);
CREATE INDEX ix_transaction_user_at ON "transaction" (user_id, at);
CREATE INDEX ix_balance_statement_id ON balance (statement_id);
CREATE INDEX ix_process_report_seen_at ON process_report (seen_at);
CREATE INDEX ix_transfer_decision_user_id ON transfer_decision (user_id);
CREATE INDEX ix_rebalance_venue_user_id ON rebalance_venue (user_id);
CREATE INDEX ix_sync_state_user_id ON sync_state (user_id);
CREATE INDEX ix_sync_run_batch_id ON sync_run (batch_id);
CREATE INDEX ix_sync_run_source_started ON sync_run (source_id, started_at);
CREATE INDEX ix_sync_run_state ON sync_run (state);
CREATE INDEX ix_sync_run_user_id ON sync_run (user_id);
CREATE INDEX ix_alert_rule_user_id ON alert_rule (user_id);
CREATE INDEX ix_alert_rule_id ON alert (rule_id);
CREATE INDEX ix_alert_user_id ON alert (user_id);
CREATE INDEX ix_alert_user_opened ON alert (user_id, opened_at);
CREATE INDEX ix_alert_channel_user_id ON alert_channel (user_id);
CREATE INDEX ix_alert_delivery_channel_id ON alert_delivery (channel_id);
CREATE INDEX ix_alert_delivery_due ON alert_delivery (state, next_at);
CREATE INDEX ix_alert_delivery_user_id ON alert_delivery (user_id);
CREATE INDEX ix_kept_work_user_id ON kept_work (user_id);
COMMIT;
