"""Numbers that are personal data, and some that only look so, by python-stdnum and phonenumbers (Google's
libphonenumber): `python3 make.py > cases.json` (pip install python-stdnum phonenumbers)."""

import json
import random
import string

import phonenumbers
from stdnum import iban, luhn

rng = random.Random(15)
LENGTHS = {"GB": 22, "DE": 22, "FR": 27, "NO": 15, "MT": 31, "NL": 18, "ES": 24, "IT": 27, "LC": 32, "BE": 16}


def digits(n):
    return "".join(rng.choice(string.digits) for _ in range(n))


def ibans():
    for country, length in LENGTHS.items():
        for _ in range(6):
            bban = "".join(rng.choice(string.digits + "ABCDEFGHJK") for _ in range(length - 4))
            number = country + iban.calc_check_digits(country + "00" + bban) + bban
            place = rng.randrange(4, length)
            other = number[:place] + str((int(number[place], 36) + 1) % 10) + number[place + 1:]
            from stdnum.iso7064 import mod_97_10
            valid = lambda n: mod_97_10.is_valid(n[4:] + n[:4])
            assert valid(number)
            yield iban.format(number), True
            yield number, True
            if not valid(other):
                yield other, False


def cards():
    for start, length in [("4", 16), ("4", 13), ("51", 16), ("2221", 16), ("34", 15), ("6011", 16), ("3528", 16), ("36", 14)]:
        for _ in range(6):
            body = start + digits(length - len(start) - 1)
            number = body + luhn.calc_check_digit(body)
            assert luhn.is_valid(number)
            wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
            yield number, True
            yield " ".join(number[i:i + 4] for i in range(0, length, 4)), True
            yield wrong, False
    for start in ["1", "7", "9", "0"]:
        body = start + digits(14)
        yield body + luhn.calc_check_digit(body), False


def phones():
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE):
            number = phonenumbers.example_number_for_type(region, kind)
            if number is None:
                continue
            for form in (phonenumbers.PhoneNumberFormat.E164, phonenumbers.PhoneNumberFormat.INTERNATIONAL):
                yield phonenumbers.format_number(number, form)
            if region == "GB":
                yield phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)


print(json.dumps({"ibans": list(ibans()), "cards": list(cards()), "phones": sorted(set(phones()))}, indent=1))
