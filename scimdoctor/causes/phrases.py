"""The one table of phrases: how apps, frameworks and Entra word a refusal.

Everything that is judged by prose is judged here, and lowers confidence (style: never judge by
prose alone). Each row names where the wording comes from. Rows of one breach stand together;
a sentence may break several rules, and the cause rules weigh them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from scimdoctor.causes.breach import Breach, Hint
from scimdoctor.causes.needles import Needles, needles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ATTRIBUTE = r"(?:attribute|field|property|parameter|key|path|member|element|column|sub-?attribute)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A pattern, what it means, and where the wording is known from."""

    breach: Breach
    pattern: str
    """Searched in the sentence without regard to letter case."""

    source: str

    def found_in(self, text: str) -> bool:
        """Whether `text` holds the pattern."""
        return _compiled(self.pattern).search(text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _rows(breach: Breach, *rows: tuple[str, str]) -> tuple[Phrase, ...]:
    return tuple(Phrase(breach=breach, source=source, pattern=pattern) for source, pattern in rows)


PHRASES: tuple[Phrase, ...] = (
    *_rows(
        Breach.REQUIRED,
        ("ASP.NET, Newtonsoft", r"required property '?\S+ not found|required property missing"),
        ("ASP.NET ModelState, Laravel, zod", r"\b(?:field|value)? ?\b(?:is|are|was) required\b"),
        ("Django REST framework", r"this field (?:is required|may not be (?:blank|null))"),
        ("Rails, Bean Validation", r"(?:can(?:'|no)t|must not|may not|should not) be (?:blank|null|empty|missing|undefined)"),
        ("pydantic, zod", r"field required|expected .{1,40}received undefined|(?m:^required$)"),
        ("databases", r"not[- ]null constraint|column '?\S+ cannot be null|insert the value null"),
        ("JSON Schema", r"(?:is a required property|must have required property)"),
        ("WSO2", r"\bnull is (?:not (?:a )?valid|invalid)\b|\bmust (?:be|have) (?:an? )?non[- ]?(?:null|empty)\b"),
        ("Go validator, SCIM libraries", r"(?:missing|absent|no value for|lacks?|without|empty) (?:a |the )?(?:required|mandatory)|required.{0,160}\b(?:is|are) missing|failed on the '?required"),
        ("SCIM libraries", rf"(?:required|mandatory) (?:{_ATTRIBUTE}|value)s?\b|mandatory\b|missing (?:{_ATTRIBUTE}|value)|\b(?:is|are) missing\b|(?:is|was) not (?:provided|specified|supplied|set)\b|must be (?:provided|specified|supplied|set|present)|has no value"),
        ("SCIM servers", r"\bneeds? (?:at least one|an?) (?:\w+ )?(?:e-?mail|name|address)|(?:at least one|an) e-?mail .{0,30}(?:required|needed)|no e-?mail|must (?:have|contain|include) (?:at least )?(?:an?|one) (?:primary |work |valid )?(?:e-?mail|name)"),
        ("SCIM servers", r"\b(?:must|should|needs? to|ha(?:ve|s) to|please) (?:provide|specify|supply|send) (?:at least )?(?:an?|one|the) (?:(?:primary|work|given|family|display|first|last) )?['\"`]?(?:e-?mail|(?:user|given|family|display|first|last) ?name|surname|name)s?\b(?! (?:that|which|in|of|with|not|from|different|un))"),
        ("Joi", r"not allowed to be (?:empty|null)"),
        ("SCIM servers", r"\bmissing (?:the )?(?:e-?mail|(?:user|last|first|given|family|display)[ _]?name|surname|name|department|title|phone|external ?id)\b"),
        ("SCIM servers", r"\bempty (?:\w+ ){1,3}(?:(?:is|are) )?(?:not (?:allowed|permitted|accepted|valid)|invalid|refused)"),
        ("SCIM servers", r"(?:does not|doesn't|did not) have (?:an? )?(?:primary |work |valid )?(?:e-?mail|(?:last|first|given|family|display)[ _]?name|surname|phone)|must have (?:a |some )?value\b|\bhas no (?:primary |work |valid )(?:e-?mail|phone|address)"),
        ("Go servers", r"\bno (?:[\w-]+ ){1,3}(?:provided|given|specified|supplied)\b"),
        ("codes of SaaS apps", r"\b(?:e-?mail|(?:user|last|first|given|family|display)[ _]?name|surname|department|title|phone|external ?id)s? (?:required|missing)\b|must be filled"),
    ),
    *_rows(
        Breach.NOT_BOOLEAN,
        ("SCIM libraries", r"(?:must be|expect(?:ed|s|ing)?|should be|requires|(?:is|was|are) not|to be|of type|valid|into)[^.]{0,60}\bbool(?:ean)?s?\b"),
        ("Go encoding/json", r"cannot unmarshal string into .{0,80}of type \*?bool"),
        ("pydantic, DRF", r"(?:valid boolean|bool_parsing|bool_type)"),
        (".NET System.Text.Json", r"could not (?:be )?convert(?:ed)?.{0,40}(?:System\.)?Boolean"),
        ("Jackson", r"from String \"(?:True|False)\""),
        ("validators", r"\bbool(?:ean)?(?: value)? (?:is |was )?expected"),
        ("imulab go-scim", r"incompatible with (?:\w+ )?(?:type )?bool"),
        ("Java", r"cannot be cast to .{0,60}boolean"),
        ("Laravel", r"\bmust be true or false\b"),
    ),
    *_rows(
        Breach.NOT_OBJECT,
        ("SCIM-SDK, zod, pydantic", r"(?:must be|expect(?:ed|s|ing)?|should be|requires|(?:is|was|are) not|valid|to be)\b(?! (?:listed|included|declared|present|in)\b)[^.]{0,50}\b(?:an? )?(?:json )?(?:object|complex|dict(?:ionary)?|map|hash|JObject)\b"),
        ("Go encoding/json", r"cannot unmarshal string into Go .{0,200}of type (?:struct|map|\w+\.\w+)"),
        ("Jackson", r"no String-argument constructor"),
        ("validators", r"\b(?:object|complex (?:attribute|value|type))(?: value)? (?:is |was )?expected"),
    ),
    *_rows(
        Breach.NOT_ARRAY,
        ("SCIM libraries, zod", r"(?:must be|expect(?:ed|s|ing)?|should be|requires|(?:is|was|are) not|valid|to be)\b(?! (?:listed|included|declared|present|in)\b)[^.]{0,50}\b(?:an? )?(?:array|list|multi-?valued)\b"),
        ("Go encoding/json", r"cannot unmarshal (?:string|object) into .{0,60}of type \[\]"),
        ("JavaScript", r"is not iterable|\.(?:map|forEach|filter) is not a function"),
        ("validators", r"\b(?:array|list)(?: value)? (?:is |was )?expected"),
    ),
    *_rows(
        Breach.NOT_STRING,
        ("Laravel, SCIM libraries, zod", r"(?:must be|expect(?:ed|s|ing)?|should be|requires|(?:is|was|are) not|valid|to be)[^.]{0,50}\b(?:a )?str(?:ing)?\b(?! \S*boolean| (?:or array type )?with (?:an? )?(?:max|min)| of (?:max|min|length|at)| (?:longer|shorter|between|no more)| (?:with|in|of|matching) (?:(?:the|an?) )?(?:following |given |required )?(?:format|pattern|length|regex))"),
        ("Go encoding/json", r"cannot unmarshal (?:object|array|number|bool) into .{0,60}of type string"),
        ("validators", r"\bstring(?: value)? (?:is |was )?expected"),
    ),
    *_rows(
        Breach.WRONG_TYPE,
        ("SCIM libraries", r"\b(?:wrong|invalid|incorrect|unexpected|incompatible|mismatched) (?:data |value )?type\b|type mismatch|is not of type|invalid_type"),
        ("Jackson", r"cannot deserialize (?:value|instance)|cannot construct instance"),
        (".NET", r"could not be converted to|error converting value|cannot (?:convert|cast)|unable to cast"),
        ("SCIM libraries", r"single[- ]?valued?\b|mono.?valued|multi-?valued attribute (?:must|expects)|expected (?:a )?(?:scalar|number|integer|date)"),
        ("JSON readers", r"unexpected (?:null|start_object|start_array)|null value(?! in column)"),
        ("WSO2", r"\b(?:unknown|unexpected|invalid|wrong|unsupported) (?:json )?(?:representation|structure)\b"),
        ("imulab go-scim", r"incompatible with (?:\w+ )?type\b"),
        ("validators", r"must not be an? (?:json )?(?:string|array|object|boolean|number)\b"),
        ("Newtonsoft.Json", r"unexpected character encountered while parsing value|error reading \w+\. unexpected token|could not convert string to|cannot deserialize the current json"),
    ),
    *_rows(
        Breach.UNKNOWN_ATTRIBUTE,
        ("SCIM servers", rf"\b(?:unknown|unsupported|unrecogni[sz]ed|undefined|unexpected|invalid|illegal|additional|extra|undeclared|unpermitted) (?!api[ -]?key)(?:\w+ )?(?:{_ATTRIBUTE}|fields?|propert(?:y|ies)|inputs?)s?\b(?! (?:values?|types?|formats?|lengths?)\b)"),
        ("SCIM servers", r"(?:attribute|field|property|parameter)s?\b[^.;]{0,90}\b(?:(?:is|are) (?:un(?:known|supported|recogni[sz]ed|defined)|not (?:a )?(?:supported|recogni[sz]ed|known|defined|allowed|permitted|part))|do(?:es)? not exist|(?:was|could) not (?:be )?found|not found|not allowed|not supported|not (?:present )?in (?:the )?schema)"),
        ("Jackson, pydantic, zod, JSON Schema", r"not marked as ignorable|extra (?:inputs|fields|attributes?) (?:are )?not (?:permitted|allowed)|extra_forbidden|unrecognized key|additional propert|unknown field"),
        ("SCIM servers", r"unsupported (?:path for operation|user attribute|attribute)|no such attribute|not defined in (?:the )?schema|(?:no|any) attribute (?:called|named|definition)|is not supported(?: by this| for (?:user|group))"),
        ("SCIM servers", r"is not (?:a |an )?(?:supported|known|recogni[sz]ed|defined) (?:attribute|field|property)"),
        ("limosa laravel-scim-server", r"unknown path"),
        ("SCIM servers", r"(?:attribute|field|property) [^.;]{0,60}\bcan(?:not|'t) be (?:set|written|provisioned|mapped)\b"),
        ("limosa laravel-scim-server", r"\bwrite (?:to \S+ )?is not (?:implemented|supported)"),
        ("Sentry", r"\bonly (?:displayName|members|userName|active|emails|externalId|name)\b(?![^;]{0,80}filter)[^.;]{0,80}\bsupported"),
        ("class-validator", r"propert(?:y|ies) \S+ should not exist"),
        ("Joi, Rails", r"(?m:^\W*[\"'][\w.:\[\]]+[\"'] is not allowed(?: \(|\W*$))|not an? (?:permitted|allowed|accepted|known|recogni[sz]ed) (?:parameter|attribute|field|property|key)"),
        ("SCIM servers", r"(?:could not|cannot|can't|unable to|failed to) (?:resolve|find|map|recogni[sz]e) (?:the )?(?:attribute|field|property)|(?:do(?:es)?(?: not|n't)|cannot) support (?:the )?(?:attribute|field|property)|is not a valid (?:attribute|field|property)"),
    ),
    *_rows(
        Breach.UNKNOWN_SCHEMA,
        ("SCIM libraries", r"(?:unknown|unsupported|invalid|unrecogni[sz]ed|unregistered|undefined) (?:extension |(?:scim |core |user |group ){1,2})?(?:schema|urn)\b"),
        ("SCIM libraries", r"schema(?! validation)[^.]{0,90}\b(?:does not exist|is not (?:permitted|supported|allowed|registered|known|recogni[sz]ed|valid)|not found|unknown|missing)"),
        ("SCIM-SDK, zod", r"schemas\b[^.]{0,60}(?:must|contain|expected|invalid|missing|does not)|schemas\b[^.;]{0,80}\bnot present\b|referenced .{0,20}schema"),
        ("ServiceNow, SCIM servers", r"\b(?:(?:must be|not|un) ?(?:included|listed|present|declared)) in (?:the )?['\"`]?schemas\b"),
        ("SCIM servers", r"\b(?:must|should|needs? to|has to) (?:include|contain|have|list|declare|carry) (?:the |an? )?\S{1,80} schema\b"),
        ("SCIM-SDK", r"(?:schema-urn|main (?:resource )?schema)\b[^;]{0,120}\bnot present"),
    ),
    *_rows(
        Breach.IMMUTABLE,
        ("RFC 7644 wordings", r"\bimmutable\b|read[- ]?only|not mutable|\bmutability\b"),
        ("SCIM servers", r"\b(?:can|may|must) never (?:be )?(?:change|modif|updat|edit|alter|overwrit)"),
        ("SCIM servers", r"\b(?:can(?:'|no)t|may not|must not|could not|not allowed to|unable to|not possible to|cannot) (?:be )?(?:change|modif|updat|edit|alter|overwrit|reassign)(?!e?d? (?:the )?(?:last|inactive|disabled|suspended))"),
        ("SCIM servers", r"(?:chang(?:e|ing)|modif(?:y|ying|ication)|updat(?:e|ing)|edit(?:ing)?)[^.;]{0,70}\b(?:is|are) (?:not (?:allowed|supported|permitted|possible)|forbidden|prohibited)|not (?:updat|edit|modifi)able"),
    ),
    *_rows(
        Breach.DATABASE_UNIQUE,
        ("PostgreSQL", r"duplicate key value violates unique constraint|\b23505\b"),
        ("MySQL", r"duplicate entry '.{0,200}' for key"),
        ("SQLite, Django", r"unique constraint failed|uniqueviolation|integrityerror"),
        ("MongoDB", r"\bE11000\b"),
        ("SQL Server, Oracle", r"cannot insert duplicate key|ORA-00001|violation of unique key"),
        ("Prisma, Sequelize, Hibernate", r"P2002|uniqueconstrainterror|constraintviolationexception|unique index"),
    ),
    *_rows(
        Breach.UNIQUE,
        ("RFC 7644 wordings", r"\buniqueness\b|(?:must|should|needs? to|has to|have to) be unique|make a unique set|not unique|\bnon-unique"),
        ("Rails, Django, SCIM servers", r"\balready (?:been )?(?:exists?|in use|taken|registered|used|assigned to|claimed|associated|provisioned|present in|belongs|owned|a (?:user|account)|invited|created|connected|linked)"),
        ("SCIM servers", r"\bduplicat(?:e|ed)\b(?! (?:attribute|app ?role|value[s]? in))|\bconflict(?:s|ing)?\b|same (?:user ?name|e-?mail|name|external ?id)|exists? already|user_exists|is (?:in use|taken)"),
        ("SCIM servers", r"\b(?:an?other|different) (?:user|account|group|person|member|resource)\b[^.;]{0,30}\b(?:has|have|uses?|using|owns?) (?:this|that|the)\b|\balready has (?:this|that|the same) (?:user ?name|e-?mail|name|address|external ?id)"),
        ("Go, Keycloak", r"\b(?:e-?mail|user ?name|user|login|account|member|group|name|resource|record)(?: address)? exists\b"),
    ),
    *_rows(
        Breach.UNLINKED_ACCOUNT,
        ("GitLab", r"not linked to (?:a|an|any) (?:saml|sso|scim|identity)|inactive (?:scim )?identity"),
        ("SCIM servers", r"(?:belongs to|member of|managed by|owned by|exists? in|associated with|registered (?:with|in|to)|part of|linked to) (?:an?other|a different|other|different) (?:organi[sz]ation|tenant|account|workspace|team|directory|company|customer|domain|site|instance|group|user)"),
        ("SCIM servers", r"(?:user|account|member|person|profile|identity|e-?mail)s?\b[^.;]{0,60}not (?:managed|provisioned|created) (?:by|through|via) scim|(?:outside|without) scim|different (?:scim|saml|sso|external) ?(?:id|identity)|pending invitation|(?:soft-?)?deleted (?:user|account|record).{0,40}(?:exists|same|with)"),
    ),
    *_rows(
        Breach.DELETED_BEFORE,
        ("SaaS apps", r"\b(?:users?|accounts?|members?|persons?|records?|e-?mails?|address(?:es)?|names?)\b[^.;]{0,60}\b(?:was|were|has been|have been|is|are) (?:\w+ly )?(?:soft-?)?(?:deleted|archived|(?:in|moved to) the (?:trash|recycle bin))\b(?! by another)"),
        ("SaaS apps", r"\b(?:recently|previously|soft-?) ?deleted (?:users?|accounts?|members?|records?)\b"),
    ),
    *_rows(
        Breach.ALREADY_IN_EFFECT,
        ("SCIM servers", r"already (?:a |an )?(?:(?:group|team|role) )?(?:member|in (?:the |this )?(?:group|team)|assigned|added|inactive|active|disabled|deactivated|suspended|deleted|removed|enabled|has(?! (?:this|that|the same) (?:user ?name|e-?mail|name|address|external ?id)))"),
        ("SCIM servers", r"(?:is|was|were) not (?:a |an )?(?:(?:current |group |team |organi[sz]ation )?member|in (?:the |this )?(?:group|team))|not (?:a )?member of|no(?:t a)? such member|member (?:\S+ )?(?:was )?not found in"),
        ("better-auth, SCIM servers", r"\bno (?:valid |actual |effective )?(?:fields?|changes?|attributes?|operations?|updates?|modifications?|data|valid \w+) (?:\w+ )?(?:to|were|was|for) (?:update|updated|modif|appl|change|be|made|patch|detected|provided to update)|nothing (?:to|has|was|have) (?:update|change|do|modif|be)|no changes?\b|not modified|(?:value|attribute)s? (?:is|are) (?:the same|unchanged|identical|already)|empty (?:update|patch)"),
        ("custom servers", r"error adding member"),
        ("SCIM servers", r"already (?:contains|includes|holds)\b"),
        ("SCIM servers", r"\bno (?:effective|actual) changes?\b"),
        ("SCIM servers", r"already (?:belongs to (?:the |this )?(?:group|team)|in (?:the )?(?:requested|desired|this|that) state)\b"),
    ),
    *_rows(
        Breach.VALUE_REFUSED,
        ("SCIM servers", r"(?:e-?mail|address|domain)\b[^.;]{0,70}\b(?:(?:is|are) )?(?:not (?:allowed|permitted|verified|approved|whitelisted|authori[sz]ed|accepted|valid|claimed|part of|in the)|invalid|restricted|blocked|blacklisted|unverified|must (?:be|belong|match|end))"),
        ("SCIM servers", r"\bonly\b[^.;]{0,60}\bdomains?\b|\bdomains?\b[^.;]{0,40}\bonly\b"),
        ("SCIM servers", r"\bunverified domain|(?:not|un)[ -]?(?:allowed|verified|authori[sz]ed|approved|permitted) (?:e-?mail )?domain|domain .{0,60}(?:not\b|must)"),
        ("Laravel, Rails, validators", r"(?<!request )(?<!payload )(?<!body )\b(?:is|are) (?:too (?:long|short|large|weak)|invalid|not (?:a )?valid|malformed|not allowed(?! to be (?:empty|null))|not accepted|not permitted|reserved)\b|\bnot (?:a )?valid (?:e-?mail|phone|url|locale|date|language|country|time ?zone|uuid|value|choice|format|user ?name|role)"),
        ("validators", r"must be (?:(?:an?|in|of) )?(?:\w+ )?(?:valid |lower ?case |upper ?case )?(?:e-?mail|phone|url|uuid|date|letters?|iso|e\.164|language|alphanumeric)"),
        ("validators", r"must be (?:an?|the|their|your)[^.;]{0,30}\b(?:e-?mail|phone|url|uuid|date)\b|restricted to (?:the )?(?:e-?mail )?domains?|\broles?\b[^.;]{0,40}(?:cannot|can't|may not) be (?:provisioned|assigned|granted|set)"),
        ("Go SCIM library", r"\binvalid (?:parameter|argument|input|data)s?\b"),
        ("SCIM servers", r"\btoo (?:many|few) (?!requests|attempts|connections|concurrent|open)"),
        ("WSO2", r"\bdomains?\b[^.;]{0,60}\b(?:associated|registered|claimed|owned|managed|used|taken|mapped) (?:with|to|by|in|for) (?:an?other|a different|other)\b"),
        ("Miro", r"\bnot (?:white|allow)[- ]?listed\b|\bnot (?:on|in) (?:the|an?|your|our) (?:white|allow)[- ]?list\b"),
        ("zod", r"invalid[_ ]literal|invalid_string|invalid_format|custom_error"),
        ("validators", r"\binvalid (?:(?:attribute|field|property|parameter) )?(?:e-?mail|phone|format|value|character|locale|language|time ?zone|country|user ?name|user|name|date|url|role|domain|display ?name|input|choice|display|identifier|external ?id)"),
        ("validators", r"(?:illegal|disallowed|special|unsupported|forbidden|prohibited|non-?ascii|whitespace|upper-?case|invalid) (?:characters?|letters?|symbols?)|(?:only|may|must|can) (?:contain|consist|start|begin|end|include)|(?:must|should|does not|did not|doesn't) (?:match|conform|satisfy|comply|meet)|must be one of|not one of|not in (?:the )?(?:allowed|list|enum)|is not an? (?:allowed|accepted|acceptable|valid|permitted|supported) (?:value|option|choice|role|type)"),
        ("validators", r"(?:max(?:imum)?|min(?:imum)?)(?: allowed)? (?:length|size|number|characters)|at (?:most|least) \d+|exceeds? (?:the )?(?:allowed|maximum) limit|(?:exceeds?|longer than|shorter than|more than|no more than|less than|up to|between) (?:the )?(?:max|limit|length|\d+)|length (?:of|must|should|exceeds)|(?:may|must|should|can(?:'|no)t) not be (?:greater|longer|shorter|less|more|larger) than|string_too_(?:long|short)|data too long|value too (?:long|large)"),
        ("AWS IAM Identity Center, others", r"failed to satisfy (?:the )?constraint|regular expression|regex|\bpattern\b|violates? (?:a |the )?(?:constraint|rule)"),
        ("SCIM servers", r"(?:normali[sz]ed|slug|handle)[^.]{0,50}(?:not unique|collides|already|conflict|empty|invalid)"),
        ("SAP, others", r"\bvalues? (?:['\"][^'\"]{0,60}['\"] )?(?:is |are |was )?not (?:supported|recogni[sz]ed|known)\b|unsupported (?:value|language|locale|country|time ?zone|currency)\b|unknown (?:\w+ )?role\b"),
        ("validators", r"(?:should|must|needs? to|has to) be in [\w.: -]{1,30}format|\broles? ['\"][^'\"]{1,60}['\"] (?:is |was )?(?:not|un) ?(?:recogni|known|valid|found|allowed|supported)"),
        ("validators", r"\bunknown value\b"),
        ("Sentry", r"\binvalid (?:organi[sz]ation|team|account|workspace|member|primary|custom) role\b"),
        ("SAP Cloud Identity Services", r"not part of .{0,60}\bcanonical values"),
        ("AJV", r"must be equal to (?:one of|constant)|must not have (?:fewer|more) than \d"),
        ("Django", r"\b(?:enter|provide|supply|specify|use) an? (?:\w+ )?valid\b"),
        ("SQL Server", r"\bwould be truncated\b|right truncated"),
    ),
    *_rows(
        Breach.OP_REFUSED,
        ("enum validators", r"\b(?:op|operation|verb)\b[^;]{0,80}(?:must be|should be|one of|expected|allowed values|valid values|enum)[^;]{0,60}\b(?:add|replace|remove)\b"),
        ("enum validators", r"(?:expected|one of|allowed values|valid values|enum|must be|should be|choose from|accepted|choices are)[^;]{0,50}['\"`]?(?:add|replace|remove)['\"`]?[^;]{0,40}(?:add|replace|remove)"),
        ("SCIM servers", r"(?:unknown|unsupported|invalid|unrecogni[sz]ed|illegal|bad|unexpected) (?:scim )?(?:patch )?['\"`]?(?:op|operation|operator|method|verb)\b['\"`]?(?: type| name| value)?\b[^;]{0,30}['\"`:= ](?:Add|Replace|Remove)\b"),
        ("SCIM servers", r"['\"`]?\b(?:Add|Replace|Remove)\b['\"`]? (?:is|was) (?:not|an?) (?:a |an )?(?:valid|supported|known|recogni[sz]ed|allowed|invalid|unknown|unsupported)[^;]{0,30}(?:op|operation|value|choice|method|enum)|\bop(?:eration)?(?: type| name)? ['\"`]?(?:Add|Replace|Remove)['\"`]? (?:is |was )?(?:not\b|un|in)"),
        ("Jackson, System.Text.Json", r"No enum constant .{0,120}(?:Add|Replace|Remove)|(?:PatchOp|Operation|OpType)\w*[`'\"]? from String|value \"?(?:Add|Replace|Remove)\"? (?:not\b|is not|could not)"),
        ("SCIM servers", r"\b(?:unknown|unsupported|unrecogni[sz]ed|unexpected|illegal|invalid|bad) (?:patch )?op\b(?! ?['\"`:=(])"),
        ("SCIM servers", r"\b(?:unknown|unrecogni[sz]ed|unsupported) (?:patch )?operation(?: type| name)?\W*$"),
        ("zod", r"invalid_enum_value|invalid enum value|invalid_union_discriminator"),
        ("UnboundID SCIM 2 SDK on Jackson", r"could not resolve type id '(?:Add|Replace|Remove)'"),
        ("AJV", r"operations[/.\[]\d+\]?[/.]op\b[^;]{0,60}(?:must|allowed|invalid|not\b|one of|enum)"),
        ("protobuf", r"(?:unknown|invalid|illegal|unexpected|unsupported) (?:enum )?value:? ['\"]?(?:Add|Replace|Remove)\b"),
    ),
    *_rows(
        Breach.ADD_REFUSED,
        ("Rancher", r"unsupported add (?:path|operation|op)"),
        ("SCIM servers", r"(?:add|'add'|\"add\")(?: operation)? (?:is |was )?(?:not|un)(?: ?(?:supported|implemented|allowed|permitted|valid))\b|(?:does not|doesn't|cannot) (?:support )?add\b|only (?:supports? )?['\"]?replace|\buse ['\"]?replace"),
        ("UnboundID SDK, others", r"(?:cannot|can't|unable to) add[^.;]{0,60}(?:exist|value|single|already)|already has a value|add .{0,40}single-?valued"),
        ("Django REST framework", r"['\"](?-i:add)['\"] is not an? (?:valid|supported|allowed|accepted)"),
    ),
    *_rows(
        Breach.VALUE_PATH_REFUSED,
        ("SCIM servers", r"(?:filter|value ?path|complex path|filtered path|bracket)s?[^.;]{0,60}\b(?:in (?:the )?(?:patch )?path[^.;]{0,30})?(?:is |are )?(?:not|un)(?: ?(?:supported|allowed|implemented|permitted|valid))\b"),
        ("SCIM servers", r"(?:must not|may not|can(?:'|no)t|should not|does not|not allowed to) (?:\w+ ){0,3}(?:any |an? )?(?:value[- ]?)?(?:selection |path )filters?\b"),
        ("claude.ai report, Node scim-patch", r"impossible to search on a (?:mono|single)"),
        ("limosa laravel-scim-server", r"(?:replace|add|remove) is not implemented for"),
        ("Metatavu", r"unsupported(?:user|group)?path"),
    ),
    *_rows(
        Breach.NO_TARGET,
        ("SCIM servers", r"\bno (?:e-?mail|phone ?number|phone|address|photo)(?: address)?(?: element| entry)? (?:of|with|for) (?:the )?type\b"),
        ("SCIM-SDK, RFC 7644", r"no ?target\b|no target found|did not (?:match|yield|produce|return) (?:any|an|known|existing)|no (?:record )?match(?:es|ing)? (?:was )?(?:made|found|for|values?|elements?|items?)|matches? no(?:thing| )|no (?:element|value|item|entry|attribute|record)s? (?:match|found|fit)|could not find .{0,40}(?:element|value|item) (?:match|with)"),
    ),
    *_rows(
        Breach.PATH_REFUSED,
        ("RFC 7644 wordings", r"invalid ?path\b|(?:invalid|unknown|unsupported|unrecogni[sz]ed|malformed|bad|illegal) (?:attribute |patch |scim |value |target )*path|path[^.;]{0,120}\b(?:is|was) (?:not\b|in|un|mal)|(?:cannot|can't|could not|unable to|failed to) (?:parse|resolve|find|process|evaluate|interpret) (?:the )?(?:attribute )?path|no (?:such )?path\b|path[^.;]{0,60}not (?:found|supported|recogni|exist|resol)|unsupported path"),
        ("SCIM servers", r"\bpath:? (?:'[^']{1,160}'|`[^`]{1,160}`|\"[^\"]{1,160}\") (?:is|was) (?:not\b|in|un|mal)"),
    ),
    *_rows(
        Breach.REMOVE_VALUE_REFUSED,
        ("SCIM-SDK", r"values? must not be set for remove|remove[^.;]{0,60}(?:must not|cannot|may not|should not|does not|not) (?:have|contain|include|allow|support|accept|set)[^.;]{0,30}(?:value|body)"),
        ("SCIM servers", r"\bonly remove with\b"),
        ("Jackson, UnboundID SDK", r"RemoveOperation|unreco\w+ field \"value\""),
        ("SCIM servers", r"remov(?:e|al|ing)[^.;]{0,40}(?:requires?|needs?|must (?:have|specify|include|contain)|without)[^.;]{0,30}(?:path|filter)|(?:path|filter) (?:is )?(?:required|missing|needed) (?:for|in|when) (?:a |an |the )?remov"),
        ("SCIM servers", r"(?:must|needs? to|has to|should) (?:have|contain|include|specify|be)[^.;]{0,20}(?:filter|selector)[^.;]{0,20}\b(?:for|in|when|with|to|on) (?:a |an |the )?remov"),
        ("SCIM servers", r"\bvalues?['\"]? (?:is |are )?not (?:allowed|supported|permitted|expected)[^.;]{0,20}\b(?:for|in|with|on) (?:a |an |the )?remov"),
        ("SCIM servers", r"\bvalues?['\"`]? (?:must not|may not|should not|can(?:'|no)t) be (?:present|set|specified|provided|supplied|given|sent|included|used)\b[^.;]{0,20}\b(?:for|in|with|on|when|during) (?:a |an |the )?['\"`]?remov"),
        ("SCIM servers", r"(?:unsupported|invalid) remov(?:e|al)\b[^.;]{0,40}\bvalue"),
    ),
    *_rows(
        Breach.FILTER_REFUSED,
        ("SCIM servers", r"\bfilter(?:s|ing|ed)?\b[^.;]{0,120}(?:not|un|in|only|mal)[- ]?(?:support|implement|allow|recogni|known|valid|permitted|possible|userName|eq)|(?:unsupported|invalid|unknown|bad|illegal|unrecogni[sz]ed|malformed) (?:scim |search |query )?filter|invalid ?filter"),
        ("SCIM servers", r"\bnot\b[^.;]{0,20}\bfilter (?:attribute|field|property|path)s?\b|\bonly\b[^.;]{0,60}\bfilters?\b[^.;]{0,20}\b(?:supported|implemented|allowed|accepted)"),
        ("SCIM servers", r"\bsupported filters?\b|\bfilters?\b[^.;]{0,20}\bof the form\b|\bfilters? (?:must |should )?(?:take|have) the form\b"),
        ("SCIM servers", r"only (?:filter|search|quer)\w*[^.;]{0,30}(?:by|on|for)|(?:can(?:not\b|'t)|unable to|not) (?:be )?(?:filter|search|quer)(?:ed|ing|able)?\b|not (?:filterable|searchable|queryable)"),
    ),
    *_rows(
        Breach.FILTER_SYNTAX,
        ("ANTLR grammars", r"token recognition error|no viable alternative|mismatched input|extraneous input|missing '?\"'? at"),
        ("hand-written parsers", r"(?:filter|query)[^.;]{0,60}(?:syntax|pars(?:e|ing)|unterminated|unbalanced|unexpected|malformed|escape|encod)|(?:syntax|pars(?:e|ing)) (?:error|failure|exception|failed)?[^.;]{0,40}(?:filter|query)|unterminated string|unexpected (?:token|character|end)[^.;]{0,60}(?:filter|query|expression)"),
        ("hand-written parsers", r"(?:mismatched|unbalanced|unclosed|missing) (?:\w+ )?(?:quote|bracket|parenthes)"),
    ),
    *_rows(
        Breach.MEDIA_TYPE,
        ("Spring, ASP.NET, Express, Rails", r"unsupported ?media ?type|(?:content|media)[ -]?type[^.;]{0,100}(?:not\b|un|must|invalid|expected|only|missing|should)|HttpMediaTypeNotSupported|(?:invalid|unsupported|unexpected|unknown|wrong|missing) (?:content|media)[ -]?type|not acceptable|\baccept header"),
    ),
    *_rows(
        Breach.BODY_MISSING,
        ("ASP.NET, Spring, FastAPI, Express", r"\b(?:request |message )?(?:body|payload)(?: content)? (?:is |was |must (?:not )?be |can(?:'|no)t be |may not be |should not be )?(?:missing|empty|required|null|undefined|blank|absent|not (?:provided|present|found|set))\b|\b(?:no|empty|missing|without(?: a)?) (?:request |message |json )?(?:body|payload)\b|\b(?:must|should|needs? to|please) (?:provide|send|supply|include) an? (?:request |message |json )?(?:body|payload)\b"),
        ("Express, SCIM servers", r"\b(?:request |message )?body must be (?:an? )?(?:valid )?(?:json|scim|object|\w+ resource)\b"),
        ("Rust, SCIM servers", r"\boperations['\"`]? (?:attribute |array |field )?(?:is|are) (?:required|missing)|\bmissing (?:required )?(?:attribute |field |property )?['\"`]?operations\b"),
        ("JavaScript", r"unexpected end of json input"),
        ("Python", r"expecting value: line 1 column 1 \(char 0\)"),
        ("Go", r"^(?:error: |invalid (?:json|body): )?EOF$"),
        ("SCIMMY", r"expected 'data' parameter to be an object"),
    ),
    *_rows(
        Breach.BODY_UNPARSED,
        ("Go, Express, Django", r"\b(?:invalid|malformed|bad) (?:scim |request )?json\b|\b(?:body|payload|request)\b[^.;]{0,20}\b(?:is|are) not (?:valid )?json\b|\bmust be (?:an? )?(?:valid )?json\b|\bjson parse error\b|(?:could not|cannot|can't|failed to|unable to) parse (?:the )?(?:json|request body|body)\b"),
    ),
    *_rows(
        Breach.METHOD,
        ("frameworks", r"method(?: '?\"?(?:PATCH|PUT|POST|DELETE|GET)'?\"?)? (?:is )?not (?:allowed|supported|implemented)|MethodNotAllowed|(?:PATCH|DELETE) (?:is |method )?(?:not|un) ?(?:supported|implemented|allowed)|HttpRequestMethodNotSupported|Cannot (?:PATCH|DELETE|POST|PUT) /"),
    ),
    *_rows(
        Breach.REFERENCE,
        ("Entra", r"unable to resolve.{0,40}reference|UnableToResolveReference|unable to assign .{0,80}as the (?:members?|manager)|reference.{0,60}(?:not (?:found|exist|resolv)|does not exist|could not)"),
        ("SCIM servers", r"\b(?:member|manager|referenced (?:user|resource|object))s?\b[^.;]{0,90}(?:not found|do(?:es)?(?: not|n't) exist|(?:is|are|was|were) (?:invalid|unknown|inactive|not (?:an? )?(?:active|provisioned|found|valid|known|exist))|not (?:yet )?(?:exist|provisioned)|could not be (?:found|resolved)|no such)"),
        ("SCIM servers", r"(?:invalid|unknown|unresolv\w+|non-?existent|no such|missing|could not find|cannot find|failed to find|couldn't find|unable to find)[^.;]{0,30}\b(?:members?|manager|user(?:s)? (?:with ids?|in members|to add))"),
        ("SCIM servers", r"\b(?:is|are) not (?:a |yet )?(?:members?|part) of (?:the |this |your )?(?:organi[sz]ation|workspace|account|company|directory|tenant)"),
        ("databases", r"foreign key constraint|violates foreign key|\b23503\b|P2003"),
        ("PostgreSQL", r"foreign ?key ?violation|is not present in table"),
    ),
    *_rows(
        Breach.NOT_FOUND,
        ("frameworks", r"\bnot ?found\b|do(?:es)? not exist|doesn't exist|no longer exists|no such (?:user|group|resource|object|entity|record)|could not (?:be )?f(?:ound|ind)|unknown (?:user|group|resource|id)|InvalidAnchor"),
    ),
    *_rows(
        Breach.NO_ROUTE,
        ("Express, Laravel, Rails, Django, Flask, Go, ASP.NET, Spring", r"cannot (?:GET|POST|PATCH|PUT|DELETE) /|no route matches|route \S+ (?:could )?not (?:be )?found|route not found|the requested url .{0,80}was not found|404 page not found|no http resource was found|no static resource|no (?:endpoint|handler|mapping) found|unknown (?:endpoint|route|url)|(?:endpoint|url|route|page|api) (?:\S+ )?(?:was |is )?(?:not found|does not exist)|no matching (?:route|operation)"),
        ("Grafana, multi-tenant apps", r"(?:invalid|unknown|no such) (?:namespace|tenant|realm)\b|\b(?:namespace|tenant|realm) (?:\S+ )?(?:is |was )?(?:not found|invalid|unknown)"),
        ("Kong", r"\bno routes? (?:was |were )?match"),
        ("AWS API Gateway", r"^missing authentication token\.?$"),
        ("Entra", r"\btenant url\b[^.;]{0,30}\b(?:not (?:a )?valid|invalid|incorrect|malformed|must)\b|invalid tenant url"),
        (".NET", r"\binvalid uri\b|hostname could not be parsed|not a valid (?:absolute )?ur[il]\b"),
    ),
    *_rows(
        Breach.CONTAINER,
        ("multi-tenant apps", r"\b(?:invalid|unknown|no such|missing) (?:org(?:ani[sz]ation)?|tenant|workspace|realm|namespace)(?:[_ ]?id|[_ ]?slug)?\b|\b(?:org(?:ani[sz]ation)?|tenant|workspace|realm|namespace)(?:[_ ]?id|[_ ]?slug)?\b[^.;]{0,30}(?:not (?:be )?f(?:ou|i)nd|does not (?:exist|match)|unknown|invalid|mismatch)"),
    ),
    *_rows(
        Breach.GROUPS_UNSUPPORTED,
        ("SCIM servers", r"\bgroups?\b(?! (?:mapping|member))[^.;'\"]{0,40}\b(?:(?:is|are) )?(?:not (?:yet )?(?:supported|implemented|enabled|available)|unsupported)|(?:does not|doesn't|not) support (?:\w+ )?groups|resource type ['\"]?group['\"]? (?:is )?(?:not\b|un)|unknown resource(?: ?type)?[^.;]{0,10}groups?"),
    ),
    *_rows(
        Breach.PATH_MISSING,
        ("SCIM servers", r"\bpath\b['\"`]? (?:attribute |parameter |value |field )?(?:is |was |must be |cannot be |can't be |may not be )?(?:required|missing|null|empty|blank|mandatory|not (?:given|provided|specified|set)|(?:specified|provided|present))|(?:missing|without|lacks?|no|requires?)(?: a| the)? ['\"`]?path\b(?![- ]?filter)['\"`]?"),
        ("SCIM servers", r"(?:must|should|needs to) (?:contain|have|include|specify|provide) an? path\b(?![- ]?filter)"),
        ("Metatavu", r"\b(?:unknown|unsupported|unrecogni[sz]ed|invalid) (?:attribute|path):? ['\"`]?(?:null|undefined|none)\b"),
        ("AWS IAM Identity Center", r"\bomit(?:s|ted|ting)?\b (?:the |a )?['\"`]?path\b"),
    ),
    *_rows(
        Breach.LETTER_CASE,
        ("SCIM servers", r"case[- ]sensitiv|letter case|lower ?-?case|upper ?-?case|caseexact"),
    ),
    *_rows(
        Breach.CONCURRENT,
        ("databases", r"deadlock|could not serialize|serialization failure|concurren(?:t|cy) (?:update|modif|conflict|exception|access|write)|optimistic ?lock|lock wait|version (?:mismatch|conflict)|modified by another|stale (?:object|data|state)|precondition failed|conditional ?(?:check|request)|transaction (?:was )?(?:aborted|conflict)"),
        ("SCIM servers", r"\b(?:locked|held|(?:being|currently) (?:updated|changed|modified|edited|processed|synchroni[sz]ed|synced)) by (?:an?other|a (?:concurrent|parallel|running)) (?:transaction|process|job|request|operation|session|sync\w*|task|update|thread)\b|\banother (?:transaction|job|request|operation|update|sync\w*) (?:is|was) (?:already )?(?:running|in progress|under way|pending|being (?:applied|processed))"),
    ),
    *_rows(
        Breach.POLICY,
        ("SCIM servers", r"\b(?:last|only|sole|remaining) (?:\w+ )?(?:admin|owner|administrator|member|superuser)|(?:admin|owner|administrator|superuser|root|system|built-?in|default|everyone|service) (?:user|account|group|role|users|groups)?s? ?(?:can(?:'|no)t|may not|must not|could not) be"),
        ("SCIM servers", r"(?:can(?:'|no)t|could not|unable to|not (?:allowed|permitted|authori[sz]ed|possible) to|may not|must not|refus\w+ to(?= )|forbidden to|not (?:be )?) ?(?:be )?(?:(?<=refusing to )(?:provision|creat|add)|delet|deactivat|suspend|disabl|remov|archiv|deprovision|reactivat|activat|enabl|demot)"),
        ("SCIM servers", r"(?:delet(?:e|ing|ion)|deactivat(?:e|ing|ion)|remov(?:e|ing|al)|suspend(?:ing)?|reactivat(?:e|ing|ion)|disabling|provisioning(?= (?:is|are) (?:not (?:allowed|permitted)|forbid|prohib)))[^.;]{0,60}\b(?:is|are) (?:not (?:allowed|supported|permitted|possible|enabled)|forbidden|disabled|prohibited)|DELETE \w+ not supported"),
        ("SCIM servers", r"(?:can(?:'|no)t|unable to|not (?:allowed|possible) to) \w+ (?:an? |the )?(?:inactive|disabled|suspended|archived|deactivated|locked|deleted|last|built-?in|system|protected)\b"),
        ("Q&A 1185756", r"(?:user|account|member|group|owner)s? must (?:first )?be (?:active|inactive|enabled|disabled|suspended|removed|deactivated|activated|empty)"),
        ("SCIM servers", r"(?:inactive|disabled|suspended|archived|deactivated|locked|deleted|blocked) (?:user|account|member)s?[^.;]{0,30}(?:can|may|must|is not|are not|cannot)|(?:user|account|member) is (?:inactive|disabled|suspended|archived|deactivated|locked|blocked|protected)|still (?:has|have|owns?|referenced|in use|assigned)|has (?:active|open|dependent|existing|associated)|in use by|referenced by|\bowns? (?:\w+ ){0,3}(?:project|document|file|resource|ticket|record|organi[sz]ation)"),
        ("SCIM servers", r"\b(?:operation|action|request|change) (?:is |was )?(?:not (?:allowed|permitted)|forbidden|prohibited|denied|refused|rejected by)|(?:by|violates?|because of|against)[^.;]{0,20}polic(?:y|ies)"),
        ("LaunchDarkly, others", r"(?:can(?:'|no)t|may not|not allowed to|unable to) \w+ (?:an? |the )?(?:\w+ )?(?:owner|admin(?:istrator)?|superuser)s?\b"),
        ("LaunchDarkly, others", r"(?:can(?:'|no)t|may not|not allowed to|unable to) [^.;]{1,60}\b(?:inactive|deactivated|disabled|suspended|archived|locked|deleted) (?:user|account|member|group)s?\b"),
        ("SCIM servers", r"\b(?:users?|accounts?|groups?|members?|owners?|admin(?:istrator)?s?)(?: (?:is|are|that|which|who)\b[^.;]{0,50}?)? (?:can(?:'|no)t|may not|must not) be (?:modified|changed|updated|edited)"),
        ("SCIM servers", r"\b(?:at most|no more than|more than|up to|maximum(?: of)?|limit(?:ed)? (?:of|to)|exceeds?) (?:the )?\d[\d,.]* members\b"),
        ("SCIM servers", r"at least one (?:\w+ )?(?:admin(?:istrator)?|owner|member|user) (?:must|is|needs|has)\b"),
        ("SCIM servers", r"\b(?:last|only|sole|final|remaining|at least one|minimum of one)\b(?! (?:super )?admins? (?:can|may))[^.;]{0,30}\b(?:admin(?:istrator)?|owner|superuser)s?\b"),
        ("SCIM servers", r"\b(?:is|are|as|being|be) the (?:last|only|sole|final)\b(?: \w+){0,3}? (?:user|member|person|teammate|account|colleague|manager)s?\b(?! attributes?)|\b(?:reassign|transfer|hand over|promote|demote|appoint)(?:r?ed|d)?\b[^.;]{0,80}\b(?:before|first)\b"),
        ("Amazon Connect", r"\bwould leave\b[^.;]{0,60}\bwithout\b"),
        ("SCIM servers", r"must (?:first )?be \w+ed\b[^.;]{0,60}\b(?:before|first)\b"),
    ),
    *_rows(
        Breach.LICENCE,
        ("SaaS apps", r"\bpast due\b|\blicen[cs]es?\b|\bseats?\b|\bquota\b|(?:user|member|plan|account|subscription|tier) limit|limit (?:has been |was )?(?:reached|exceeded)|maximum (?:number of )?(?:\w+ )?(?:users|members|seats|accounts)|upgrade (?:your|to|the)|(?:requires?|available (?:only )?(?:in|on|for|with)|not (?:included|available|part))[^.;]{0,50}\b(?:plan|subscription|edition|tier|enterprise|business)\b|payment required|\bbilling\b|\boverdue\b|\bunpaid\b|trial (?:has )?(?:expired|ended)|not enough users"),
        ("Databricks, others", r"\bnumber of (?:\w+ ){0,3}(?:users|groups|members|accounts|seats)\b[^.;]{0,60}(?:exceed|limit|maximum|quota)"),
        ("SaaS apps", r"\b(?:plan|subscription|licen[cs]e|tier|contract)\b[^.;]{0,30}\b(?:allows?|includes?|covers?|has|(?:is )?limited to)\b[^.;]{0,20}\d"),
        ("SaaS apps", r"\b(?:plan|subscription|edition|tier|package)\b (?:does(?: not|n't)|do not|cannot) (?:include|allow|support|cover)"),
    ),
    *_rows(
        Breach.PREREQUISITE,
        ("SaaS apps", r"scim[^.;]{0,50}(?:is |has )?(?:not (?:been )?|dis|un)(?:enabled|configured|activated|abled|set up|available|turned on|allowed)|(?:enable|activate|turn on|set up|configure)[^.;]{0,30}\b(?:scim|provisioning|sso|saml)\b|\b(?:sso|saml|provisioning|directory sync|identity provider)\b[^.;]{0,50}(?:must|not\b|needs?|required)[^.;]{0,40}(?:enabled|configured|set ?up|activated|active|first|turned on)|feature (?:is )?(?:not\b|dis)|not (?:enabled|activated|available) for (?:this|your)"),
        ("SCIM servers", r"(?:role|permission|scope|privilege|profile|department|cost ?center|organi[sz]ation(?:al unit)?|license type|location|workspace|custom field|directory|realm|project|team|entitlement|company|site)s?\b[^.;]{0,60}(?:not (?:been )?(?:found|exist|configured|defined|created)|does not exist|do not exist|must exist|missing)|(?:insufficient|missing|lacks?|without|not have|required)[^.;]{0,30}(?:permission|scope|privilege|role|right|access)s?"),
        ("SCIM servers", r"\b(?:provisioning|directory sync\w*|integration|api access|feature|connector|connection|tenant|organi[sz]ation|workspace)\b[^.;]{0,40}\b(?:is|are|has been|was) (?:not (?:enabled|active|set up|configured)|inactive|disabled|(?:turned|switched) off|paused|suspended)"),
        ("SCIM servers", r"\b(?:requires?|needs?) (?:an?|the|your|that the) (?:[\w-]+ ){0,4}?(?:plug-?in|feature|add-?on|module|[\w-]+-scoped token|scope|permission|privilege|integration)\b"),
        ("SCIM servers", r"not (?:authori[sz]ed|allowed|permitted) to (?:manage|create|list|read|provision|access|administer|perform)\b[^.;]{0,40}\b(?:users?|groups?|members?|resources?|accounts?|this|scim)"),
    ),
    *_rows(
        Breach.EXPIRED,
        ("PyJWT, python-jose", r"signature (?:has )?expired"),
        ("token libraries, OAuth 2.0", r"(?:token|credential|secret|key|jwt|session|certificate)s?\b[^.;]{0,50}(?:expired|revoked|no longer valid|has been (?:deleted|disabled|rotated|deactivated)|not active|is inactive|blacklisted)|(?:expired|revoked|rotated)[ _-](?:\w+ )?(?:token|credential|secret|key|jwt)|token_?expired|expiredtoken|jwt expired|IDX10223|lifetime validation failed"),
    ),
    *_rows(
        Breach.TOKEN_REFUSED,
        ("frameworks", r"\bunauthori[sz]ed\b|\bunauthenticated\b|(?:invalid|bad|wrong|incorrect|missing|no|unknown|malformed|illegal) (?:\w+ )?(?:token|api ?key|bearer|jwt|authorization|authentication)|authentication (?:failed|required|credentials|error|is required)|not authenticated|access denied|login required|invalid_token|token (?:is )?(?:invalid|not (?:found|valid|recogni[sz]ed)|unknown|malformed|missing)|not authori[sz]ed"),
    ),
    *_rows(
        Breach.TOKEN_RIGHTS,
        ("OAuth 2.0 bearer tokens (RFC 6750)", r"insufficient[_ ]scopes?\b"),
        ("SCIM servers", r"\b(?:tokens?|api ?keys?|keys?|credentials?)\b[^.;]{0,50}\b(?:lacks?|missing|without|(?:does(?: not|n't)|do not) have|not (?:authori[sz]ed|allowed|permitted|granted)|needs?|requires?|insufficient)\b[^.;]{0,60}\b(?:scopes?|permissions?|privileges?|rights?|to (?:manage|create|read|list|write|provision|use|access))\b"),
        ("SCIM servers", r"\b(?:missing|required|requires?|needs?|lacks?|insufficient)\b[^.;]{0,25}['\"`]?\b(?:scim|users?|groups?|directory|provisioning|admin)[:./_](?:[\w:.*-]+)['\"`]?|\bscopes?\b[^.;]{0,40}\b(?:required|missing|needed|not granted)\b|\bscope required\b|[\w-]+-scoped token"),
        ("GitHub", r"not accessible (?:by|with) (?:\w+ ){0,3}(?:token|integration|app|key)"),
    ),
    *_rows(
        Breach.TOKEN_UNUSABLE,
        ("vendors' guides", r"bearer bearer|duplicate(?:d)? bearer|(?:token|secret|credential)s?\b[^.;]{0,60}(?:too (?:long|large)|exceed|maximum (?:length|size)|longer than|1 ?kb|1024|limit|characters)|(?:payload|value|data|storage|credential)[^.;]{0,40}(?:too large|exceeds?)[^.;]{0,40}(?:secret|token|credential|limit|storage)|invalid characters? in (?:header|token)|new-?line characters? (?:is|are) not allowed|header (?:value )?(?:contains|has) (?:invalid|new ?line)|format of value .{0,60}is invalid"),
        ("Entra", r"external ?secret data is invalid"),
    ),
    *_rows(
        Breach.AUTH_SCHEME,
        ("token libraries", r"IDX1\d{4}|(?:audience|issuer|signature|signing key|kid|jwks)\b[^;]{0,120}(?:invalid|fail|mismatch|not\b|unknown|wrong|unable)|(?:invalid|wrong|unexpected|unknown) (?:audience|issuer|signature|signing|kid|algorithm)|signature ?(?:verification|validation)|invalid_?signature|invalidaudience"),
        ("SCIM servers", r"(?:basic|digest|ntlm|oauth ?1|api[- ]key(?! (?:is )?(?:required|needed))|cookie|mutual tls|client certificate|hmac|authorization code|two-factor|mfa)\b[^.;]{0,50}(?:auth|required|only|expected|grant|retired|supported|needed)|(?:unsupported|unknown|invalid|wrong) (?:auth\w*|grant) (?:scheme|type|method)|www-authenticate: ?(?:basic|negotiate|digest|ntlm)|(?:personal access|user) token[^.;]{0,30}not"),
    ),
    *_rows(
        Breach.OAUTH,
        ("OAuth 2.0 (RFC 6749)", r"\binvalid_client\b|\binvalid_grant\b|unauthorized_client|unsupported_grant_type|\binvalid_scope\b|invalid_request[^_a-z]"),
        ("Entra", r"CredentialLocationInRequest|Oauth2\w+|(?:token endpoint|token exchange|client[- _]credentials?|client[_ ]secret)\b[^.;]{0,80}(?:fail|invalid|error|required|missing|unable|could not|not\b|refus|incorrect|denied|unexpected)|(?:fail|invalid|error|unable|could not|cannot|not)\w*[^.;]{0,50}(?:token endpoint|client[_ ]credentials|client[_ ]secret)"),
        ("Entra", r"(?:fail\w*|unable|could not|cannot|error)\b[^.;]{0,40}(?:obtain|get|acquir|retriev|request|fetch|refresh|exchang)\w*[^.;]{0,40}\b(?:access[_ ])?token|(?:obtain|acquir|retriev|fetch|refresh|exchang)\w*[^.;]{0,40}\b(?:access[_ ])?token[^.;]{0,40}(?:fail|error|refus|denied)"),
        ("OAuth 2.0 (RFC 6749)", r"oauth[^.;]{0,40}(?:fail|unable|could not|not\b|refus|incorrect)"),
        ("SCIM servers", r"bearer_oauth|oauth[^.;]{0,30}(?:signature|invalid|error|fail)"),
    ),
    *_rows(
        Breach.THROTTLED,
        ("frameworks", r"too ?many ?requests|too many (?:failed )?(?:log-?ins?|sign-?ins?|authentication|auth|password) (?:attempts|tries|failures)|rate[- ]?limit|throttl|quota exceeded for|retry[- ]after|slow ?down|concurrent requests"),
        ("AWS", r"\brate exceeded|request limit exceeded"),
    ),
    *_rows(
        Breach.SLOW,
        ("frameworks, .NET", r"tim(?:ed|e)[ -]?out|a task was cancell?ed|operation (?:was|has been) cancell?ed|deadline exceeded|took too long|gateway ?time|service ?unavailable|temporarily unavailable|overloaded|503 service"),
    ),
    *_rows(
        Breach.UNREACHABLE,
        (".NET sockets", r"remote name could not be resolved|no such host is known|name or service not known|name resolution|dns\b|unable to connect to (?:the )?remote server|no connection could be made|actively refused|connection (?:refused|was (?:forcibly )?closed|reset|attempt failed|aborted)|connected (?:party|host)|an existing connection|network (?:is )?unreachable|host (?:is )?unreachable"),
        (".NET", r"an error occurred while sending the request|underlying connection was closed|unexpected error occurred on a (?:send|receive)|response ended prematurely|failed to (?:connect|establish)|unable to reach|could not (?:connect|reach|establish)|cannot (?:reach|connect)|not reachable|unreachable"),
        (".NET TLS", r"\bssl\b|\btls\b|secure channel|certificate[^.;]{0,60}(?:invalid|not trusted|untrusted|chain|expired|verify|validation|name|remote)|trust relationship|handshake|authentication failed because the remote party"),
    ),
    *_rows(
        Breach.BLOCKED,
        ("WAF pages", r"cloudflare|attention required!|\bray id\b|akamai|reference #[\da-f.]+|incapsula|imperva|request unsuccessful|the requested url was rejected|\bsupport id\b|aws ?waf|request blocked|could not be satisfied|sucuri|barracuda|mod_?security|forti(?:gate|web|guard)|zscaler|access to this (?:page|resource|site) (?:has been|is) (?:blocked|denied)|firewall|\bip (?:address )?(?:\S+ )?(?:is )?(?:not (?:allowed|whitelisted|permitted|in)|blocked|denied|restricted)|not (?:on|in) the (?:ip )?(?:allow|white) ?list|\bip (?:allow|white)list|private ?link|network polic|access from (?:this|your) (?:ip|network|location)"),
        ("Snowflake", r"\bip(?:/\w+)? (?:address )?[\da-f.:]{4,45} is not allowed"),
    ),
    *_rows(
        Breach.CRASH,
        ("runtimes", r"null ?pointer|null ?reference|object reference not set|cannot (?:read|create|set|access) propert|undefined is not|is not a function|attributeerror|keyerror|typeerror|valueerror|nomethoderror|undefined method|undefined (?:index|offset|array key|variable|property)|stack ?trace|traceback|unhandled|panic|segfault|nil pointer|index out of|argumentnullexception|argumentexception|invalidoperationexception|classcastexception|illegalstateexception|runtimeexception|runtime error|fatal error|sqlstate|at [\w$.]+\([\w.]+:\d+\)|sequence contains"),
        ("PHP, Java, Ruby, Python, .NET, Rust, Go", r"call to (?:a member|undefined) |cannot invoke \"|\bon null\b|undefined local variable|has no attribute '|not (?:subscriptable|iterable|callable)\b|nullable object must|given key .{0,60}not present|called `\w+::unwrap|invalid memory address|cannot destructure|\w+exception\]|threw an exception"),
        ("frameworks", r"internal ?(?:server)? ?error|something went wrong|unexpected error|an error (?:has )?occurred|server error|unknown error|we're sorry, but something"),
    ),
    *_rows(
        Breach.UNREADABLE_ANSWER,
        ("Entra", r"not able to deserialize|unable to deserialize|could not deserialize|failed to deserialize|deserializ\w+ the resource"),
        ("Newtonsoft.Json", r"error converting value|cannot deserialize the current json|error reading \w+\. unexpected token|unexpected character encountered while parsing|could not convert string to"),
    ),
    *_rows(
        Breach.MALFORMED_LIST,
        ("Microsoft's SCIM validator", r"required attributes for a list response|list ?response|(?:missing|without|lacks?|no)\b[^.;]{0,30}(?:totalResults|Resources\b|itemsPerPage|startIndex)|\b(?:should|must) (?:contain|include|have)\b[^.;]{0,30}(?-i:\b(?:totalResults|Resources|itemsPerPage|startIndex)\b)|(?:totalResults|Resources|itemsPerPage|startIndex)\b[^.;]{0,60}(?:missing|null|not\b|should|must|expected|invalid|required)"),
    ),
    *_rows(
        Breach.ANSWER_STATUS,
        ("Microsoft's SCIM validator", r"\bexpected (?:an? )?(?:http ?)?status ?code\b|\b(?:expected|should (?:return|be answered))\b[^.;]{0,30}\b20[014]\b[^.;]{0,40}\b(?:received|but|got|actual|instead)\b"),
    ),
    *_rows(
        Breach.ANSWER_LACKS,
        ("Microsoft's SCIM validator", r"\b(?:not (?:be )?(?:present|found|included|returned|contained)|missing|absent)\b[^.;]{0,20}\b(?:in|from|by) (?:the )?(?:\w+ ){0,2}(?:response|answer)\b|\b(?:response|answer)\b[^.;]{0,60}\b(?:does not|did not|doesn't|should|must) (?:contain|include|return|have)\b"),
    ),
    *_rows(
        Breach.NOT_JSON_ANSWER,
        ("Newtonsoft.Json, validators", r"unexpected (?:character|token)[^.;]{0,60}[<']|value: <|text/html|(?:response|body|content)[^.;]{0,60}(?:not (?:valid )?json|is html|content[- ]type)|content[- ]type of (?:the )?response|response[^.;]{0,40}content[- ]type|expected (?:content[- ]type )?application/scim\+json|not (?:a )?valid json"),
    ),
    *_rows(
        Breach.SEVERAL_MATCHES,
        ("Entra", r"multiple (?:entries|objects|users|groups|resources|matches|results|records)|more than one (?:entry|object|user|group|resource|match|result|record)|duplicate target|several (?:entries|objects|matches)"),
    ),
    *_rows(
        Breach.ROLE_DEFINITION,
        ("Entra", r"\battribute with the duplicate values? is\b|app ?roles?\b[^.;]{0,80}duplicate|duplicate[^.;]{0,60}app ?role|multiple app ?role|more than one (?:app ?)?role|AppRoleAssignments?(?:Complex)?|SingleAppRoleAssignment|approleassignment"),
    ),
    *_rows(
        Breach.CUSTOM_ATTRIBUTE,
        ("Entra", r"exporting the property is not supported|was not exported, because|complex (?:type )?attributes? (?:are|is) not supported|(?:custom|extension) attributes?[^.;]{0,80}(?:not (?:supported|valid|allowed|exported)|must (?:be|start|begin|follow)|invalid|cannot)|attribute name[^.;]{0,40}(?:must|invalid|not valid|format)|must (?:be defined in|start with|begin with) urn"),
    ),
    *_rows(
        Breach.VALIDATOR_ATTRIBUTE,
        ("Entra 'Test Schema'", r"scim validation failed\. the attribute|is not supported by the scim protocol"),
    ),
    *_rows(
        Breach.SSO,
        ("SaaS apps", r"(?:saml|sso|oidc|nameid|name id|identity provider|single sign-?on|login)\b[^.;]{0,80}(?:mismatch|does not match|do not match|different|conflict|not the same|another (?:user|identity|account)|differs)|(?:external ?id|extern_uid|subject)\b[^.;]{0,60}(?:nameid|saml|sso|oidc|sign-?in|log ?in)"),
    ),
    *_rows(
        Breach.FLAG,
        ("Entra documentation", r"aadOptscim|AzureAdScimPatch|scim[- ]complian(?:t|ce) (?:mode|flag|patch)|rfc[- ]compliant patch|feature flag"),
    ),
    *_rows(
        Breach.MATCHING,
        ("Entra", r"failed to match an? (?:entry|object)|\bno matching (?:attribute|property)\b|matching (?:attribute|property|value)[^.;]{0,80}(?:null|empty|missing|no value|changed|not (?:found|unique|set))|duplicate source"),
    ),
    *_rows(
        Breach.SCOPE,
        ("Entra", r"not effectively entitled|noteffectivelyentitled|(?:not|isn't|is not) (?:in scope|assigned)|out of scope|scoping filter|nested group|passed scope filter: ?false|assigned ?[=:] ?false|default access"),
    ),
    *_rows(
        Breach.QUERY_404,
        ("Entra", r"not found response was returned rather|rather than the expected|\b3\.4\.2\b"),
    ),
    *_rows(
        Breach.GENERIC_CREDENTIALS,
        ("Entra's portal", r"entered invalid credentials|^\W*invalid credentials\W*$|confirm you are using the correct information for an administrative account"),
    ),
)  # fmt: skip
"""Every phrase, by breach."""

HINTS: Mapping[Hint, tuple[str, str]] = {
    Hint.THERE: (
        "RFC 7644 wordings, SCIM servers",
        r"[^.;\n]{0,120}\b(?:already|exists?|duplicat\w+|uniqueness|(?:is|are) (?:an? )?(?:\w+ )?members?)\b[^.;\n]{0,120}",
    ),
    Hint.BUSY: (
        "databases, SCIM servers",
        r"\b(?:lock(?:ed|s)?|transactions?|versions?|etags?|(?:try|retry) again|retry"
        r"|synchroni[sz]ed|synchroni[sz]ing|in progress|busy)\b",
    ),
    Hint.UNDECODED: (
        "parsers that do not decode the query",
        r"(?<![=\w.:/])[\w.:\]]+(?:\+|%20)(?:eq|and|co|sw)(?:(?:\+|%20)\S*|\b)",
    ),
    Hint.EMPTY: ("validators", r"\b(?:(?:be|is|are|an?) empty|non-?empty|at least one|blank)\b"),
    Hint.LENGTH: ("validators", r"\b(?:too (?:long|short)|characters?|chars|bytes|length)\b"),
}  # fmt: skip
"""Where each hint's words are known from, and the pattern."""


def hinted(hint: Hint, text: str) -> str | None:
    """The words of `text` that hint at `hint`."""
    found = _compiled(HINTS[hint][1]).search(text)
    return found[0].strip() if found is not None else None


_SKIPPED_TEXT = re.compile(
    r"(?is)Message:\s*Processing of the HTTP request resulted in an exception\..{0,160}?details\.?"
    r"|The SCIM endpoint is not fully compatible with the Azure Active Directory SCIM client\.?"
    r"|because your SCIM endpoint is not fully compatible with .{0,60}?SCIM client\.?"
    r"|Please refer to the .{0,200}? from .{0,40}?Directory\.?"
    r"|This operation was retried.*$"
    r"|(?:Response )?Status ?Code:?\s*\w+"
    r"|A required value was missing, or the value specified was not compatible with .{0,200}"
    r"|The request body message structure was invalid or did not conform to the request schema\.?"
    r"|HTTP[ /]*\d{3}:?"
    r"|(?:Web Response|Response Headers|Response Content):",
)


def without_boilerplate(text: str) -> str:
    """Return `text` without the sentences that Entra puts around every answer."""
    return _SKIPPED_TEXT.sub(" ", text).strip()


_CODE_WORD = re.compile(r"\b[A-Za-z]+(?:_[A-Za-z]+)+\b|\b[A-Z]{2,}(?:-[A-Z]{2,})+\b")


def spelled_out(text: str) -> str:
    """Add the words of codes such as REQUIRED_FIELD_MISSING or userAlreadyExists."""
    words = [re.sub(r"[_-]", " ", found[0]) for found in _CODE_WORD.finditer(text)]
    if text and not re.search(r"\s", text):
        words.append(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text))
    return f"{text}\n{'. '.join(words)}" if words else text


_URN = re.compile(r"(?i)\burn:[\w.:+-]*\w")
_LONG_QUOTED = re.compile(r"(?<!\w)(['\"`])(?=[^'\"`\n]*[.;:@\[])[^'\"`\n]{1,200}\1(?!\w)")

_APPOSITION = re.compile(
    r", [^,.;:]{1,60}, (?=(?:is|are|was|were|has|have|does|did|do|can|could|cannot|must|may|should)\b)"
)


def skeleton(text: str) -> str:
    """The sentence with short names for what it quotes.

    Most patterns look no further than the end of a sentence, and a URN or a quoted path has dots
    of its own, which must not hide that subject and verb belong together; nor must what stands
    between commas.
    """
    return _APPOSITION.sub(" ", _LONG_QUOTED.sub(r"\1it\1", _URN.sub("urn:it", text)))


@cache
def _needles() -> tuple[Needles, tuple[Needles, ...]]:
    """All needles, and those of each phrase."""
    each = tuple(needles(phrase.pattern) for phrase in PHRASES)
    return frozenset().union(*each), each


def likely_in(text: str) -> Iterator[Phrase]:
    """The phrases that `text` may hold; those left out it does not hold."""
    if not text.isascii():
        yield from PHRASES  # Some letters beyond ASCII match ones that they are not lowered to.
        return
    lower = text.lower()
    every, each = _needles()
    present = {needle for needle in every if needle in lower}
    for phrase, sought in zip(PHRASES, each, strict=True):
        if not sought or not sought.isdisjoint(present):
            yield phrase


_NAMED = re.compile(
    r"""(?ix) \b(?P<noun> roles? | groups? | teams? | users? | members? | (?:display|user)?[ ]?names? | named | called
    | titles? | values? | accounts? | departments? ) [ :=]{1,3} (?P<quote>["'`])
    (?P<name> [^"'`\n]{1,100} ) (?P=quote) (?!\w)"""
)
_OF_SCIM = re.compile(r"(?i)\[|^[\w.$:/-]+$")
"""A name that may be an attribute, a path or an operation's, which patterns ask for."""

_NEVER_ONE = re.compile(r"(?i)^(?:role|group|team)s?$")
"""What is called so is no attribute, be it one word."""

_IN_BRACKETS = re.compile(r"(?i)\((yet|already|longer|any|currently)\)")


def without_names(text: str) -> str:
    """`text` without what things are called in it, which may be any word of the table."""
    plain = _IN_BRACKETS.sub(r"\1", text)

    def unnamed(found: re.Match[str]) -> str:
        plain_word = _NEVER_ONE.match(found["noun"]) and re.match(r"^\w+$", found["name"])
        kept = _OF_SCIM.search(found["name"]) and not plain_word
        return found[0] if kept else found[0].replace(found["name"], "it")

    return _NAMED.sub(unnamed, plain)


def breaches_in(text: str) -> tuple[Phrase, ...]:
    """The phrases found in one sentence, in the table's order, one for each breach."""
    cleaned = spelled_out(without_names(without_boilerplate(text)[:4000]))
    short = skeleton(cleaned)
    found: dict[Breach, Phrase] = {}
    for phrase in likely_in(cleaned if short == cleaned else f"{cleaned}\n{short}"):
        if phrase.breach in found:
            continue
        if phrase.found_in(cleaned) or (short != cleaned and phrase.found_in(short)):
            found[phrase.breach] = phrase
    return tuple(found.values())
