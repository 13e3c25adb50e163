"""Every artefact path of the pipeline; braces are wildcards, angle brackets Snakemake pathvars.

``<results>`` is ``results/<tier>``, so tiers never overwrite each other.
"""

POINTER = "data/pointers/{kind}.dvc"
RAW = "data/raw/{kind}/{file}"

TRAIN = "<results>/data/{dataset}/train.safetensors"
VAL = "<results>/data/{dataset}/val.safetensors"
TEST = "<results>/data/{dataset}/test.safetensors"
DATA_CARD = "<results>/data/{dataset}/card.json"
SHIFTED = "<results>/shifts/{dataset}/{shift}.safetensors"
SHEET = "<results>/shifts/{dataset}/{shift}.sheet.safetensors"
SHIFT_RECORDS = "<results>/shifts/{dataset}/{shift}.records.json"

CODEC = "<results>/codecs/{dataset}/{codec}/{objective}/seeds{seeds}.safetensors"
CARD = "<results>/cards/{dataset}/{classifier}/{augmentation}/{pruner}/seeds{seeds}.safetensors"
DENSE = CARD.replace("{pruner}", "dense")

BASE = "<results>/atmc/{dataset}/{classifier}/base/{training}/seeds{seeds}.safetensors"
COMPRESSED = "<results>/atmc/{dataset}/{classifier}/{compressor}/seeds{seeds}.safetensors"

EDGE = "<results>/edge/{dataset}/{classifier}/seeds{seeds}.safetensors"
EDGE_ROUNDED = "<results>/edge/{dataset}/{classifier}/seeds{seeds}.rounded.safetensors"

PACKED = "<results>/decks/{dataset}/seeds{seeds}.safetensors"

CODEC_RECORDS = "<results>/evaluate/codecs/{dataset}/{codec}/{objective}/seeds{seeds}.json"
CODEC_EXAMPLES = "<results>/evaluate/examples/{dataset}/{codec}/{objective}/seeds{seeds}.safetensors"
FORMAT_RECORDS = "<results>/evaluate/formats/{dataset}.json"
CARD_RECORDS = "<results>/evaluate/cards/{dataset}/{classifier}/{augmentation}/{pruner}/seeds{seeds}.json"
ATTACK_RECORDS = "<results>/evaluate/attacks/cards/{dataset}/{classifier}/{augmentation}/{pruner}/seeds{seeds}.json"
ATTACK_IMAGES = (
    "<results>/evaluate/attacks/cards/{dataset}/{classifier}/{augmentation}/{pruner}/seeds{seeds}.safetensors"
)
ATMC_ATTACK_RECORDS = "<results>/evaluate/attacks/atmc/{dataset}/{classifier}/{compressor}/seeds{seeds}.json"
ATMC_ATTACK_IMAGES = "<results>/evaluate/attacks/atmc/{dataset}/{classifier}/{compressor}/seeds{seeds}.safetensors"
DECK_ATTACK_RECORDS = "<results>/evaluate/attacks/decks/{dataset}/seeds{seeds}.json"
DECK_ATTACK_IMAGES = "<results>/evaluate/attacks/decks/{dataset}/seeds{seeds}.safetensors"
ATMC_RECORDS = "<results>/evaluate/atmc/{dataset}/{classifier}/{compressor}/seeds{seeds}.json"
ORDER_RECORDS = "<results>/evaluate/atmc/{dataset}/{classifier}/order/seeds{seeds}.json"
EDGE_RECORDS = "<results>/evaluate/edge/{dataset}/{classifier}/seeds{seeds}.json"
EDGE_ATTACK_RECORDS = "<results>/evaluate/attacks/edge/{dataset}/{classifier}/seeds{seeds}.json"
EDGE_ATTACK_IMAGES = "<results>/evaluate/attacks/edge/{dataset}/{classifier}/seeds{seeds}.safetensors"
EDGE_LATENCY = "<results>/evaluate/edge/{dataset}/{classifier}/seeds{seeds}.latency.json"
EDGE_LOSSES = "<results>/evaluate/edge/{dataset}/losses.json"
DECK_RECORDS = "<results>/evaluate/decks/{dataset}/seeds{seeds}.json"
BUDGET_RECORDS = "<results>/evaluate/budgets/{dataset}/seeds{seeds}.json"

SCORES_CSV = "<results>/scores.csv"
SCORES_PARQUET = "<results>/scores.parquet"
MADE = "<results>/made.json"
CLAIMS = "<results>/claims.json"
METRICS = "<results>/metrics.json"
HEADLINE = "<results>/headline.json"
RUN = "<results>/run.json"
REPORT = "<results>/report/index.html"
PLOT = "<results>/plots/{plot}.csv"
