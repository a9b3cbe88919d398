/* Sum of n products; PER weights a byte, lowest bits first. */
static int32_t NAME_dotBITS_SUFFIX(const TYPE *x, const uint8_t *w, int32_t n)
{
    int32_t sum = 0;
    for (; n >= PER; n -= PER, x += PER) {
        const int32_t b = *w++;
TERMS    }
    for (int32_t k = 0; k < n; k++) {
        const int32_t b = *w >> BITS * k;
        sum += (FIELD) * x[k];
    }
    return sum;
}
